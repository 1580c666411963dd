-- The contents that hosts have: pages and guests of all hosts together, and how many hosts.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ held_by_fleet AS
SELECT hi, lo, CAST(sum(pages) AS BIGINT) AS pages, CAST(sum(guests) AS BIGINT) AS guests,
  count(*) AS hosts
FROM held_by_host
GROUP BY hi, lo;
