-- Who is alike: of each guest the leader that it has most in common with, and of each leader all
-- others. `own`: contents of the guest that some other guest has too.
WITH
  owns AS (SELECT number, count(*) AS contents FROM has GROUP BY number),
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
