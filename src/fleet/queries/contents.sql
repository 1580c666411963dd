-- The contents that most pages have, of those whose fingerprints begin between $lowest and
-- $highest: how many, of how many guests, on how many hosts.
WITH
  most AS (
    SELECT hi, lo, sum(pages) AS pages, sum(CASE WHEN first_in_guest THEN 1 ELSE 0 END) AS guests
    FROM current_pages
    WHERE NOT zero AND NOT volatile AND hi BETWEEN $lowest AND $highest
    GROUP BY hi, lo
    HAVING sum(pages) > 1
    ORDER BY pages DESC, hi, lo
    LIMIT $rows
  )
SELECT CAST(m.hi AS STRING) AS hi, CAST(m.lo AS STRING) AS lo, max(m.pages) AS pages,
  max(m.guests) AS guests, count(DISTINCT p.host_number) AS hosts
FROM most AS m
JOIN current_pages AS p ON p.hi = m.hi AND p.lo = m.lo
GROUP BY m.hi, m.lo
ORDER BY pages DESC, m.hi, m.lo;
