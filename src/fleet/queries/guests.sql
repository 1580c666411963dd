-- A row for each guest: what it has, and what it takes at most on a host of its own once KSM has
-- merged what is equal in it: the error that a sample has is on it. Its zeroes need one page, which
-- is not told of.
WITH
  sampled AS (
    SELECT number, sum(CASE WHEN first_in_guest THEN 1 ELSE 0 END) AS contents
    FROM current_pages
    WHERE NOT zero AND NOT volatile
    GROUP BY number
  )
SELECT g.number, g.host, g.guest, g.pages,
  CASE WHEN g.pinned THEN g.pages
    ELSE g.pages - g.zero_pages - greatest(g.content_pages - g.sample * coalesce(s.contents, 0)
      - CAST(ceil(2.58 * sqrt(CAST(g.sample AS DOUBLE) * (g.sample - 1)
        * (coalesce(s.contents, 0) + 4))) AS BIGINT), 0)
  END AS alone_pages
FROM current_guests AS g
LEFT JOIN sampled AS s ON s.number = g.number
ORDER BY g.number;
