-- The guests that have most contents in common, two and two, of the contents whose fingerprints
-- begin between $lowest and $highest.
--
-- A content that 20,000 guests have makes 200 million pairs: joining each with each is out of the
-- question. So guests are put in groups, each around one of some leaders that it has most in common
-- with. What most of a group have is its norm, and a guest is told by where it departs from that:
-- by +1 for a content that it has beyond the norm, by -1 for one that it lacks. With these, what a
-- and b have in common is, exactly,
--
--   norm(a) * norm(b) + departs(a) * norm(b) + norm(a) * departs(b) + departs(a) * departs(b)
--
-- each a sum over contents. The first is counted by group, the next two by guest and group, and
-- only the last by pair, of what few have. How groups are chosen decides what it costs, and
-- nothing else.

-- Who has nothing in common with any leader is in the group of none.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ grouped AS
SELECT g.number, coalesce(best.leader, 0) AS leader
FROM current_guests AS g
LEFT JOIN (
  SELECT number, leader,
    row_number() OVER (PARTITION BY number ORDER BY contents DESC, leader) AS place
  FROM alike
) AS best ON best.number = g.number AND best.place = 1;

CREATE OR REPLACE TEMPORARY VIEW /* kept */ sizes AS
SELECT leader, count(*) AS guests FROM grouped GROUP BY leader;

CREATE OR REPLACE TEMPORARY VIEW /* kept */ norms AS
SELECT c.leader, c.hi, c.lo
FROM (
  SELECT g.leader, h.hi, h.lo, count(*) AS guests
  FROM has AS h
  JOIN grouped AS g ON g.number = h.number
  GROUP BY g.leader, h.hi, h.lo
) AS c
JOIN sizes AS s ON s.leader = c.leader
WHERE 2 * c.guests > s.guests;

CREATE OR REPLACE TEMPORARY VIEW /* kept */ departs AS
WITH
  expected AS (
    SELECT g.number, n.hi, n.lo FROM norms AS n JOIN grouped AS g ON g.leader = n.leader
  )
SELECT coalesce(h.number, e.number) AS number, coalesce(h.hi, e.hi) AS hi,
  coalesce(h.lo, e.lo) AS lo, CASE WHEN e.number IS NULL THEN 1 ELSE -1 END AS sign
FROM has AS h
FULL JOIN expected AS e ON e.number = h.number AND e.hi = h.hi AND e.lo = h.lo
WHERE h.number IS NULL OR e.number IS NULL;

CREATE OR REPLACE TEMPORARY VIEW /* kept */ group_by_group AS
SELECT a.leader AS a, b.leader AS b, count(*) AS contents
FROM norms AS a
JOIN norms AS b ON a.hi = b.hi AND a.lo = b.lo
GROUP BY a.leader, b.leader;

CREATE OR REPLACE TEMPORARY VIEW /* kept */ guest_by_group AS
SELECT d.number, n.leader, sum(d.sign) AS contents
FROM departs AS d
JOIN norms AS n ON n.hi = d.hi AND n.lo = d.lo
GROUP BY d.number, n.leader;

CREATE OR REPLACE TEMPORARY VIEW /* kept */ guest_by_guest AS
SELECT a.number AS a, b.number AS b, sum(a.sign * b.sign) AS contents
FROM departs AS a
JOIN departs AS b ON a.hi = b.hi AND a.lo = b.lo AND a.number < b.number
GROUP BY a.number, b.number;

-- Pairs for which all of it is known.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ departing_both AS
SELECT p.a, p.b,
  coalesce(n.contents, 0) + coalesce(ta.contents, 0) + coalesce(tb.contents, 0) + p.contents
    AS contents
FROM guest_by_guest AS p
JOIN grouped AS ga ON ga.number = p.a
JOIN grouped AS gb ON gb.number = p.b
LEFT JOIN group_by_group AS n ON n.a = ga.leader AND n.b = gb.leader
LEFT JOIN guest_by_group AS ta ON ta.number = p.a AND ta.leader = gb.leader
LEFT JOIN guest_by_group AS tb ON tb.number = p.b AND tb.leader = ga.leader;

-- All others: of a guest, what it brings to pairs with those of another group, or its own.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ sides AS
SELECT g.number, g.leader, other.leader AS other, coalesce(t.contents, 0) AS contents,
  row_number() OVER
    (PARTITION BY g.leader, other.leader ORDER BY coalesce(t.contents, 0) DESC, g.number)
    AS place
FROM grouped AS g
CROSS JOIN sizes AS other
LEFT JOIN guest_by_group AS t ON t.number = g.number AND t.leader = other.leader;

WITH
  -- So much at least the best $rows have, as so many have it: of each group the best, with each
  -- other. Where there are fewer in all, any may be among the best.
  good AS (
    SELECT contents FROM departing_both
    UNION ALL
    SELECT coalesce(n.contents, 0) + a.contents + b.contents AS contents
    FROM sides AS a
    JOIN sides AS b ON b.leader = a.leader AND b.other = a.leader AND a.number < b.number
    LEFT JOIN group_by_group AS n ON n.a = a.leader AND n.b = a.leader
    LEFT JOIN guest_by_guest AS p ON p.a = a.number AND p.b = b.number
    WHERE a.other = a.leader AND p.a IS NULL
      AND a.place <= 1 + sqrt(2 * $rows) AND b.place <= 1 + sqrt(2 * $rows)
  ),
  least AS (
    SELECT CASE WHEN count(*) < $rows THEN 1 ELSE min(contents) END AS contents
    FROM (SELECT contents FROM good ORDER BY contents DESC LIMIT $rows) AS best
  ),
  -- Which leaves few guests of few groups.
  promising AS (
    SELECT a.number, a.leader, a.other, a.contents, coalesce(n.contents, 0) AS norm
    FROM sides AS a
    JOIN sides AS best ON best.leader = a.other AND best.other = a.leader AND best.place = 1
    LEFT JOIN group_by_group AS n ON n.a = a.leader AND n.b = a.other
    CROSS JOIN least AS l
    WHERE coalesce(n.contents, 0) + a.contents + best.contents >= l.contents
  ),
  best AS (
    SELECT a, b, contents
    FROM (
      SELECT p.a, p.b, p.contents FROM departing_both AS p
      UNION ALL
      SELECT a.number AS a, b.number AS b, a.norm + a.contents + b.contents AS contents
      FROM promising AS a
      JOIN promising AS b ON b.leader = a.other AND b.other = a.leader AND a.number < b.number
      LEFT JOIN guest_by_guest AS p ON p.a = a.number AND p.b = b.number
      WHERE p.a IS NULL
    ) AS pairs
    WHERE contents > 0
    ORDER BY contents DESC, a, b
    LIMIT $rows
  )
SELECT b.a, ga.host AS a_host, ga.guest AS a_guest, b.b, gb.host AS b_host, gb.guest AS b_guest,
  b.contents
FROM best AS b
JOIN current_guests AS ga ON ga.number = b.a
JOIN current_guests AS gb ON gb.number = b.b
ORDER BY b.contents DESC, b.a, b.b;
