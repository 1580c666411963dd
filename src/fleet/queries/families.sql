-- Who is alike: of each guest the leader that it has most in common with, and of each leader all
-- others, of the contents whose fingerprints begin between $lowest and $highest. Leaders, about
-- $leaders of them, are guests like any other, spread over all hosts. `own`: contents of the guest
-- that some other guest has too.
WITH
  sketch AS (
    SELECT number, hi, lo
    FROM current_pages
    WHERE first_in_guest AND hi BETWEEN $lowest AND $highest
  ),
  shared AS (
    SELECT hi, lo FROM sketch GROUP BY hi, lo HAVING count(*) > 1
  ),
  has AS (
    SELECT k.number, k.hi, k.lo FROM sketch AS k JOIN shared AS s ON k.hi = s.hi AND k.lo = s.lo
  ),
  owns AS (SELECT number, count(*) AS contents FROM has GROUP BY number),
  leaders AS (
    SELECT number
    FROM current_guests
    -- Scattered by the golden ratio: names are in an order that each host may repeat.
    WHERE CAST(number AS BIGINT) * 2654435769 % 4294967296
      < (SELECT 4294967296 / count(*) * $leaders FROM current_guests)
  ),
  -- Each is there once already: grouped, they are joined first, whatever an engine may guess.
  led AS (
    SELECT h.number AS leader, h.hi, h.lo
    FROM has AS h
    JOIN leaders AS l ON l.number = h.number
    GROUP BY h.number, h.hi, h.lo
  ),
  alike AS (
    SELECT h.number, l.leader, count(*) AS contents
    FROM led AS l
    JOIN has AS h ON h.hi = l.hi AND h.lo = l.lo
    GROUP BY h.number, l.leader
  ),
  placed AS (
    SELECT number, leader, contents,
      row_number() OVER (PARTITION BY number ORDER BY contents DESC, leader) AS place
    FROM alike
  )
SELECT p.number, p.leader, p.contents, o.contents AS own
FROM placed AS p
JOIN owns AS o ON o.number = p.number
WHERE p.place = 1 OR p.number IN (SELECT number FROM leaders)
ORDER BY p.number, p.leader;
