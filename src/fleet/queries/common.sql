-- What pairs of guests have in common, in all of the sample: $pairs are (a, b), numbers of guests.
--
-- Pages are read once, each for the pairs that its guest is of: what both have is there twice, as
-- no guest has a content twice.
WITH
  wanted AS (SELECT a, b FROM (VALUES $pairs) AS given(a, b)),
  sides AS (SELECT a, b, a AS number FROM wanted UNION ALL SELECT a, b, b AS number FROM wanted),
  in_both AS (
    SELECT s.a, s.b, p.hi, p.lo
    FROM current_pages AS p
    JOIN sides AS s ON s.number = p.number
    WHERE p.first_in_guest
    GROUP BY s.a, s.b, p.hi, p.lo
    HAVING count(*) = 2
  ),
  counted AS (SELECT a, b, count(*) AS contents FROM in_both GROUP BY a, b)
SELECT c.a, ga.host AS a_host, ga.guest AS a_guest, c.b, gb.host AS b_host, gb.guest AS b_guest,
  c.contents
FROM counted AS c
JOIN current_guests AS ga ON ga.number = c.a
JOIN current_guests AS gb ON gb.number = c.b
ORDER BY c.contents DESC, c.a, c.b;
