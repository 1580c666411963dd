-- The contents that each host has, of those whose fingerprints begin between $lowest and $highest:
-- in how many pages, of how many guests, and in how many pages since it was first seen.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ held_by_host AS
SELECT host_number, hi, lo, CAST(sum(pages) AS BIGINT) AS pages,
  CAST(sum(CASE WHEN first_in_guest THEN 1 ELSE 0 END) AS INTEGER) AS guests,
  CAST(sum(CASE WHEN first_seen_ms > started_ms THEN pages ELSE 0 END) AS BIGINT) AS changed
FROM current_pages
WHERE NOT zero AND NOT volatile AND hi BETWEEN $lowest AND $highest
GROUP BY host_number, hi, lo;
