-- What pairs of guests have in common, in all of the sample: $pairs are (a, b), numbers of guests.
WITH
  wanted AS (SELECT a, b FROM (VALUES $pairs) AS given(a, b)),
  has AS (
    SELECT p.number, p.hi, p.lo
    FROM current_pages AS p
    JOIN (SELECT a AS number FROM wanted UNION SELECT b FROM wanted) AS w ON w.number = p.number
    WHERE p.first_in_guest
  ),
  counted AS (
    SELECT w.a, w.b, count(*) AS contents
    FROM wanted AS w
    JOIN has AS x ON x.number = w.a
    JOIN has AS y ON y.number = w.b AND y.hi = x.hi AND y.lo = x.lo
    GROUP BY w.a, w.b
  )
SELECT c.a, ga.host AS a_host, ga.guest AS a_guest, c.b, gb.host AS b_host, gb.guest AS b_guest,
  c.contents
FROM counted AS c
JOIN current_guests AS ga ON ga.number = c.a
JOIN current_guests AS gb ON gb.number = c.b
ORDER BY c.contents DESC, c.a, c.b;
