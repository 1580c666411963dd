-- Which guests have which contents, of those that at least two have: a row each, contents by a
-- number.
SELECT number, CAST(dense_rank() OVER (ORDER BY hi, lo) AS INTEGER) AS content
FROM has
ORDER BY number, content;
