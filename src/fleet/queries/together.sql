-- One row: what KSM would save at most if all guests were on one host, which no placement betters;
-- and the errors of what it saves on all hosts as they are, which is less than those of each summed
-- up: hosts have contents in common, but not all of them.
--
-- Of the contents whose fingerprints begin between $lowest and $highest, one in $one_in of the
-- sample.
WITH
  counted AS (
    SELECT max(sample) * $one_in AS sample,
      sum(CASE WHEN pinned THEN 0 ELSE zero_pages END) AS zero_pages,
      sum(CASE WHEN pinned THEN 0 ELSE content_pages END) AS content_pages
    FROM current_guests
  ),
  sampled AS (
    SELECT count(*) AS contents, coalesce(sum(hosts * hosts), 0) AS host_squares,
      coalesce(sum((guests - hosts) * (guests - hosts)), 0) AS squares,
      coalesce(sum(guests * guests), 0) AS guest_squares
    FROM held_by_fleet
  )
SELECT zero_pages, greatest(content_pages - sample * contents, 0) AS saved_pages,
  CAST(ceil(2.58 * sqrt(CAST(sample AS DOUBLE) * (sample - 1) * (contents + 4))) AS BIGINT)
    AS saved_error_pages,
  CAST(ceil(2.58 * sqrt(CAST(sample AS DOUBLE) * (sample - 1) * (host_squares + 4))) AS BIGINT)
    AS hosts_saved_error_pages,
  CAST(ceil(2.58 * sqrt(CAST(sample AS DOUBLE) * (sample - 1) * (squares + 4))) AS BIGINT)
    AS hosts_between_guests_error_pages,
  CAST(ceil(2.58 * sqrt(CAST(sample AS DOUBLE) * (sample - 1) * (guest_squares + 4))) AS BIGINT)
    AS hosts_within_guests_error_pages
FROM counted CROSS JOIN sampled
ORDER BY zero_pages;
