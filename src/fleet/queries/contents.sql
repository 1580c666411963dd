-- The contents that most pages have, of those whose fingerprints begin between $lowest and
-- $highest: how many, of how many guests, on how many hosts.
SELECT CAST(hi AS STRING) AS hi, CAST(lo AS STRING) AS lo, pages, guests, hosts
FROM (
  SELECT hi, lo, pages, guests, hosts
  FROM held_by_fleet
  WHERE pages > 1
  ORDER BY pages DESC, hi, lo
  LIMIT $rows
) AS most
ORDER BY pages DESC, most.hi, most.lo;
