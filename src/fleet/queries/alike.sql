-- What guests have in common with leaders, of the contents whose fingerprints begin between $lowest
-- and $highest. Leaders, about $leaders of them, are guests like any other, spread over all hosts.
--
-- Views that are marked as kept are asked more than once: an engine does well to work each out once.

-- Which guest has what, of what at least two have.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ has AS
WITH
  sketch AS (
    SELECT number, hi, lo
    FROM current_pages
    WHERE first_in_guest AND hi BETWEEN $lowest AND $highest
  ),
  shared AS (
    SELECT hi, lo FROM sketch GROUP BY hi, lo HAVING count(*) > 1
  )
SELECT k.number, k.hi, k.lo FROM sketch AS k JOIN shared AS s ON k.hi = s.hi AND k.lo = s.lo;

CREATE OR REPLACE TEMPORARY VIEW leaders AS
SELECT number
FROM current_guests
-- Scattered by the golden ratio: names are in an order that each host may repeat.
WHERE CAST(number AS BIGINT) * 2654435769 % 4294967296
  < (SELECT 4294967296 / count(*) * $leaders FROM current_guests);

CREATE OR REPLACE TEMPORARY VIEW alike AS
WITH
  -- Each is there once already: grouped, they are joined first, whatever an engine may guess.
  led AS (
    SELECT h.number AS leader, h.hi, h.lo
    FROM has AS h
    JOIN leaders AS l ON l.number = h.number
    GROUP BY h.number, h.hi, h.lo
  )
SELECT h.number, l.leader, count(*) AS contents
FROM led AS l
JOIN has AS h ON h.hi = l.hi AND h.lo = l.lo
GROUP BY h.number, l.leader;
