-- What pairs of guests have in common, in all of the sample: $pairs are (a, b), numbers of guests,
-- which are $guests: written out, so that of all pages an engine reads those of their hosts alone.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ theirs AS
SELECT number, hi, lo
FROM current_pages
WHERE first_in_guest AND number IN ($guests);

WITH
  wanted AS (SELECT a, b FROM (VALUES $pairs) AS given(a, b)),
  counted AS (
    SELECT w.a, w.b, count(*) AS contents
    FROM wanted AS w
    JOIN theirs AS a ON a.number = w.a
    JOIN theirs AS b ON b.number = w.b AND b.hi = a.hi AND b.lo = a.lo
    GROUP BY w.a, w.b
  )
SELECT c.a, ga.host AS a_host, ga.guest AS a_guest, c.b, gb.host AS b_host, gb.guest AS b_guest,
  c.contents
FROM counted AS c
JOIN current_guests AS ga ON ga.number = c.a
JOIN current_guests AS gb ON gb.number = c.b
ORDER BY c.contents DESC, c.a, c.b;
