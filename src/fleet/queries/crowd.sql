-- Which guests have which contents, of those that at least two have and whose fingerprints begin
-- between $lowest and $highest: a row each, contents by a number.
WITH
  sketch AS (
    SELECT number, hi, lo
    FROM current_pages
    WHERE first_in_guest AND hi BETWEEN $lowest AND $highest
  ),
  shared AS (
    SELECT hi, lo, CAST(row_number() OVER (ORDER BY hi, lo) AS INTEGER) AS content
    FROM sketch
    GROUP BY hi, lo
    HAVING count(*) > 1
  )
SELECT k.number, s.content
FROM sketch AS k
JOIN shared AS s ON s.hi = k.hi AND s.lo = k.lo
ORDER BY k.number, s.content;
