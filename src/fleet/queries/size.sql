-- One row: how much there is.
SELECT count(DISTINCT host) AS hosts, count(*) AS guests, sum(pages) AS pages,
  sum(advised_pages) AS advised_pages,
  CAST(floor(sum(CASE WHEN pinned THEN 0 ELSE content_pages END) / max(sample)) AS BIGINT)
    AS sampled_pages
FROM current_guests
ORDER BY hosts;
