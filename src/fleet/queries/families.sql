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
    WHERE number % (SELECT CAST(ceil(count(*) / $leaders) AS BIGINT) FROM current_guests) = 0
  ),
  alike AS (
    SELECT h.number, l.number AS leader, count(*) AS contents
    FROM has AS l
    JOIN leaders ON leaders.number = l.number
    JOIN has AS h ON h.hi = l.hi AND h.lo = l.lo
    GROUP BY h.number, l.number
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
