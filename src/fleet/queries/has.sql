-- Which guest has what, of what at least two have, of the contents whose fingerprints begin between
-- $lowest and $highest.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ has AS
SELECT number, hi, lo
FROM (
  SELECT number, hi, lo, count(*) OVER (PARTITION BY hi, lo) AS guests
  FROM current_pages
  WHERE first_in_guest AND hi BETWEEN $lowest AND $highest
) AS counted
WHERE guests > 1;
