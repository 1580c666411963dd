-- A row for each guest: the number that other queries know it by, and its name.
SELECT number, host, guest
FROM current_guests
ORDER BY number;
