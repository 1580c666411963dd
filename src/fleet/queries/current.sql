-- What of the tables `guests` and `pages` tells how the fleet is now: of each host the newest
-- recorded day, and of each guest the newest sweep there.
--
-- Views that are marked as kept are asked more than once: an engine does well to work each out
-- once.

-- Recordings of one host that went on at the same time, such as one a guest, count together; what
-- had ended when the newest began is the past. A guest that was seen to leave has no pages. Guests
-- of one name in several recordings are told apart as those in one are: vm, vm#2. `who` is not in
-- files of before there was any.
CREATE OR REPLACE TEMPORARY VIEW /* kept */ current_guests AS
WITH
  dated AS (
    SELECT *, first_value(day) OVER by_time AS newest_day,
      first_value(started_ms) OVER by_time AS newest_started_ms
    FROM guests
    WINDOW by_time AS (PARTITION BY host ORDER BY day DESC, swept_ms DESC, recording DESC)
  ),
  told AS (
    SELECT d.*, row_number() OVER
      (PARTITION BY host, coalesce(who, guest) ORDER BY swept_ms DESC, recording DESC) AS place
    FROM dated AS d
    WHERE day = newest_day AND swept_ms >= newest_started_ms
  ),
  alike AS (
    SELECT t.*, row_number() OVER
      (PARTITION BY host, guest ORDER BY started_ms, recording, guest_id) AS namesake
    FROM told AS t
    WHERE place = 1 AND pages > 0
  ),
  named AS (
    SELECT host, day, recording, guest_id, started_ms, swept_ms, sample, page_size, pinned, pages,
      advised_pages, zero_pages, volatile_pages, forked_pages, merged_pages, huge_pages,
      content_pages, who, namesake,
      CASE WHEN namesake = 1 THEN guest ELSE concat(guest, '#', namesake) END AS guest
    FROM alike
  ),
  apart AS (
    -- Somebody may have such a name of his own.
    SELECT n.*, row_number() OVER
      (PARTITION BY host, guest ORDER BY namesake, started_ms, recording, guest_id) AS again
    FROM named AS n
  )
SELECT CAST(row_number() OVER (ORDER BY host, guest, again) AS INTEGER) AS number,
  CAST(dense_rank() OVER (ORDER BY host) AS INTEGER) AS host_number,
  host, day, recording, guest_id, started_ms, swept_ms, sample, page_size, pinned, pages,
  advised_pages, zero_pages, volatile_pages, forked_pages, merged_pages, huge_pages, content_pages,
  who, CASE WHEN again = 1 THEN guest ELSE concat(guest, '#', again) END AS guest
FROM apart;

-- Zeroes, pages that never rest, and pages of contents that are in the sample.
CREATE OR REPLACE TEMPORARY VIEW current_pages AS
-- Guests are few: a cluster does well to have all of them everywhere, which is what the hint says.
SELECT /*+ BROADCAST(g) */ g.number, g.host_number, g.started_ms, p.pages, p.hi, p.lo, p.zero,
  p.volatile, p.first_in_guest, p.first_seen_ms
FROM pages AS p
JOIN current_guests AS g
  ON p.host = g.host AND p.day = g.day AND p.recording = g.recording AND p.guest_id = g.guest_id;
