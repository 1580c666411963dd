-- What guests have in common with leaders, of the contents that are compared. Leaders, about
-- $leaders of them, are guests like any other, spread over all hosts.

-- Of what guests have, the part whose fingerprints begin between $from and $upto.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ compared AS
SELECT number, hi, lo FROM has WHERE hi BETWEEN $from AND $upto;

CREATE OR REPLACE TEMPORARY VIEW leaders AS
SELECT number
FROM current_guests
-- Scattered by the golden ratio: names are in an order that each host may repeat.
WHERE CAST(number AS BIGINT) * 2654435769 % 4294967296
  < (SELECT 4294967296 / greatest(count(*), 1) * $leaders FROM current_guests);

CREATE OR REPLACE TEMPORARY VIEW alike AS
WITH
  -- Each is there once already: grouped, they are joined first, whatever an engine may guess.
  led AS (
    SELECT h.number AS leader, h.hi, h.lo
    FROM compared AS h
    JOIN leaders AS l ON l.number = h.number
    GROUP BY h.number, h.hi, h.lo
  )
SELECT h.number, l.leader, count(*) AS contents
FROM led AS l
JOIN compared AS h ON h.hi = l.hi AND h.lo = l.lo
GROUP BY h.number, l.leader;
