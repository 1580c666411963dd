-- The guests that have most contents in common, two and two, of the contents that are compared.
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
  FROM compared AS h
  JOIN grouped AS g ON g.number = h.number
  GROUP BY g.leader, h.hi, h.lo
) AS c
JOIN sizes AS s ON s.leader = c.leader
WHERE 2 * c.guests > s.guests;

CREATE OR REPLACE TEMPORARY VIEW /* kept */ departs AS
WITH
  expected AS (
    SELECT g.number, n.hi, n.lo FROM norms AS n JOIN grouped AS g ON g.leader = n.leader
  ),
  unlike AS (
    SELECT coalesce(h.number, e.number) AS number, coalesce(h.hi, e.hi) AS hi,
      coalesce(h.lo, e.lo) AS lo, CASE WHEN e.number IS NULL THEN 1 ELSE -1 END AS sign
    FROM compared AS h
    FULL JOIN expected AS e ON e.number = h.number AND e.hi = h.hi AND e.lo = h.lo
    WHERE h.number IS NULL OR e.number IS NULL
  )
SELECT u.number, g.leader, u.hi, u.lo, u.sign
FROM unlike AS u
JOIN grouped AS g ON g.number = u.number;

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

-- Of a guest, what it brings to pairs with those of another group, or its own.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ sides AS
SELECT g.number, g.leader, other.leader AS other, coalesce(t.contents, 0) AS contents
FROM grouped AS g
CROSS JOIN sizes AS other
LEFT JOIN guest_by_group AS t ON t.number = g.number AND t.leader = other.leader;

-- So much at least the best $rows have, as so many of these have it: the best of each group, with
-- each other. Where there are fewer, any pair may be among the best.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ least AS
WITH
  placed AS (
    SELECT number, leader, contents,
      row_number() OVER (PARTITION BY leader ORDER BY contents DESC, number) AS place
    FROM sides
    WHERE other = leader
  ),
  first_ones AS (SELECT number, leader, contents FROM placed WHERE place <= 2 + sqrt(2 * $rows)),
  by_norm AS (
    SELECT a.number AS a, b.number AS b, coalesce(n.contents, 0) + a.contents + b.contents
      AS contents
    FROM first_ones AS a
    JOIN first_ones AS b ON b.leader = a.leader AND a.number < b.number
    LEFT JOIN group_by_group AS n ON n.a = a.leader AND n.b = a.leader
  ),
  departing AS (
    SELECT p.a, p.b, sum(da.sign * db.sign) AS contents
    FROM by_norm AS p
    JOIN departs AS da ON da.number = p.a
    JOIN departs AS db ON db.number = p.b AND db.hi = da.hi AND db.lo = da.lo
    GROUP BY p.a, p.b
  ),
  good AS (
    SELECT p.contents + coalesce(d.contents, 0) AS contents
    FROM by_norm AS p
    LEFT JOIN departing AS d ON d.a = p.a AND d.b = p.b
    ORDER BY contents DESC
    LIMIT $rows
  )
SELECT CASE WHEN count(*) < $rows THEN 1 ELSE greatest(min(contents), 1) END AS contents FROM good;

-- What a guest departs in, for each group in which somebody does as well.
CREATE OR REPLACE TEMPORARY VIEW facing AS
SELECT d.number, d.leader, f.leader AS other, d.hi, d.lo, d.sign
FROM departs AS d
JOIN (SELECT DISTINCT leader, hi, lo FROM departs) AS f ON f.hi = d.hi AND f.lo = d.lo;

-- Guests that may have so much in common with one of another group, or of their own: by norms, and
-- at most by what they depart in. Where there are families these are few, and of few groups.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ promising AS
WITH
  best AS (
    SELECT leader, other, max(contents) AS contents FROM sides GROUP BY leader, other
  ),
  faced AS (
    SELECT number, other, count(*) AS contents FROM facing GROUP BY number, other
  )
SELECT a.number, a.leader, a.other, coalesce(n.contents, 0) AS norm, a.contents,
  coalesce(n.contents, 0) + a.contents + best.contents AS by_norm
FROM sides AS a
JOIN best ON best.leader = a.other AND best.other = a.leader
LEFT JOIN group_by_group AS n ON n.a = a.leader AND n.b = a.other
LEFT JOIN faced AS f ON f.number = a.number AND f.other = a.other
CROSS JOIN least AS l
WHERE coalesce(n.contents, 0) + a.contents + best.contents + coalesce(f.contents, 0) >= l.contents;

-- Pairs that depart in something that both depart in. Summed up first: where guests are not alike
-- they are many, and of the most of them nothing else is to be known.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ departing_both AS
WITH
  departing AS (
    SELECT f.number, f.leader, f.other, f.hi, f.lo, f.sign
    FROM facing AS f
    JOIN promising AS p ON p.number = f.number AND p.other = f.other
  ),
  summed AS (
    SELECT a.number AS a, b.number AS b, a.leader AS a_leader, b.leader AS b_leader,
      sum(a.sign * b.sign) AS contents
    FROM departing AS a
    JOIN departs AS b ON b.hi = a.hi AND b.lo = a.lo AND b.leader = a.other
      AND a.number < b.number
    GROUP BY a.number, b.number, a.leader, b.leader
  )
SELECT s.a, s.b, a.norm + a.contents + b.contents + s.contents AS contents
FROM summed AS s
JOIN promising AS a ON a.number = s.a AND a.other = s.b_leader
JOIN promising AS b ON b.number = s.b AND b.other = s.a_leader;

-- And all others.
WITH
  by_norm AS (
    SELECT a.number AS a, b.number AS b, a.norm + a.contents + b.contents AS contents
    FROM promising AS a
    JOIN promising AS b ON b.leader = a.other AND b.other = a.leader AND a.number < b.number
    CROSS JOIN least AS l
    WHERE a.by_norm >= l.contents AND b.by_norm >= l.contents
      AND a.norm + a.contents + b.contents >= l.contents
  ),
  best AS (
    SELECT a, b, contents
    FROM (
      SELECT a, b, contents FROM departing_both
      UNION ALL
      SELECT p.a, p.b, p.contents
      FROM by_norm AS p
      LEFT JOIN departing_both AS d ON d.a = p.a AND d.b = p.b
      WHERE d.a IS NULL
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
