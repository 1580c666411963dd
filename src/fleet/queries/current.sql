-- What of the tables `guests` and `pages` tells how the fleet is now: of each host the newest
-- recorded day, and of each guest the newest sweep there.

-- Recordings of one host that went on at the same time, such as one a guest, count together; what
-- had ended when the newest began is the past. A guest that was seen to leave has no pages.
CREATE OR REPLACE TEMPORARY VIEW current_guests AS
WITH
  newest AS (
    SELECT host, day, started_ms
    FROM (
      SELECT host, day, started_ms, row_number() OVER
        (PARTITION BY host ORDER BY day DESC, swept_ms DESC, recording DESC) AS place
      FROM guests
    ) AS by_time
    WHERE place = 1
  ),
  told AS (
    SELECT g.*, row_number() OVER
      (PARTITION BY g.host, g.guest ORDER BY g.swept_ms DESC, g.recording DESC) AS place
    FROM guests AS g
    JOIN newest AS n ON g.host = n.host AND g.day = n.day AND g.swept_ms >= n.started_ms
  )
SELECT CAST(row_number() OVER (ORDER BY host, guest) AS INTEGER) AS number,
  CAST(dense_rank() OVER (ORDER BY host) AS INTEGER) AS host_number, *
FROM told
WHERE place = 1 AND pages > 0;

-- Zeroes, pages that never rest, and pages of contents that are in the sample.
CREATE OR REPLACE TEMPORARY VIEW current_pages AS
-- Guests are few: a cluster does well to have all of them everywhere, which is what the hint says.
SELECT /*+ BROADCAST(g) */ g.number, g.host_number, g.started_ms, p.pages, p.hi, p.lo, p.zero, p.volatile, p.first_in_guest,
  p.first_seen_ms
FROM pages AS p
JOIN current_guests AS g
  ON p.host = g.host AND p.day = g.day AND p.recording = g.recording AND p.guest_id = g.guest_id;
