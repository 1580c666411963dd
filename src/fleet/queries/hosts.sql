-- A row for each host: what it has, what its KSM has merged, and what KSM could save there at most.
--
-- Pages are counted, contents are of the sample: each stands for `sample` of them. A content that
-- is in a hundred pages needs one: so what is saved is pages less contents, those of zeroes apart,
-- which are saved beside them. What is told of a sample lies within its error 95 times in 100.
WITH
  sampled AS (
    SELECT host_number, count(*) AS contents, sum(guests) AS of_guests,
      sum((guests - 1) * (guests - 1)) AS squares, sum(guests * guests) AS guest_squares,
      sum(changed) AS changed
    FROM held_by_host
    GROUP BY host_number
  ),
  counted AS (
    SELECT host_number, max(host) AS host, max(day) AS day, max(page_size) AS page_size,
      max(sample) * $one_in AS sample,
      count(*) AS guests, sum(pages) AS pages, sum(advised_pages) AS advised_pages,
      sum(merged_pages) AS merged_pages, sum(huge_pages) AS huge_pages,
      sum(volatile_pages) AS volatile_pages,
      sum(CASE WHEN pinned THEN 0 ELSE zero_pages END) AS zero_pages,
      sum(CASE WHEN pinned THEN 0 ELSE content_pages END) AS content_pages,
      -- Of files of before there was any, beside others.
      CASE WHEN count(who) = 0 THEN 0 ELSE count(*) - count(who) END AS guests_by_name
    FROM current_guests
    GROUP BY host_number
  ),
  told AS (
    SELECT c.*, coalesce(s.contents, 0) AS contents, coalesce(s.squares, 0) AS squares,
      coalesce(s.guest_squares, 0) AS guest_squares,
      c.sample * coalesce(s.changed, 0) AS changed_pages,
      c.sample * coalesce(s.of_guests - s.contents, 0) AS between_pages,
      greatest(c.content_pages - c.sample * coalesce(s.contents, 0), 0) AS saved_pages
    FROM counted AS c
    LEFT JOIN sampled AS s ON s.host_number = c.host_number
  )
SELECT host, day, page_size, sample, guests, pages, advised_pages, merged_pages, huge_pages,
  zero_pages, volatile_pages, changed_pages, saved_pages, guests_by_name,
  -- A sample may have more of the part than of the whole.
  least(between_pages, saved_pages) AS between_guests_pages,
  CAST(ceil(2.58 * sqrt(CAST(sample AS DOUBLE) * (sample - 1) * (contents + 4))) AS BIGINT)
    AS saved_error_pages,
  CAST(ceil(2.58 * sqrt(CAST(sample AS DOUBLE) * (sample - 1) * (squares + 4))) AS BIGINT)
    AS between_guests_error_pages,
  -- What is left of the whole: each guest has a content once, however many pages have it there.
  CAST(ceil(2.58 * sqrt(CAST(sample AS DOUBLE) * (sample - 1) * (guest_squares + 4))) AS BIGINT)
    AS within_guests_error_pages
FROM told
ORDER BY host;
