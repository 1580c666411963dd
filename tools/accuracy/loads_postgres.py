"""Keeps sessions with a Postgres, each with the rows of a sort at hand, and has them change rows."""
import random
import subprocess
import sys
import time

psql, folder, writes = sys.argv[1], sys.argv[2], int(sys.argv[3])
SESSIONS = 4
ROWS = 20_000
# What the change of a row writes, with its journal and its index, is some pages.
PAGES_A_ROW = 4
TABLE = f"""
CREATE TABLE entries (id int PRIMARY KEY, content text);
INSERT INTO entries SELECT id, repeat(md5(id::text), 30) FROM generate_series(1, {ROWS}) id;
"""
# The cursor keeps what it has sorted in the session's own memory.
HOLD = """
DECLARE held CURSOR WITH HOLD FOR SELECT * FROM entries ORDER BY content;
"""
command = [psql, "--host", folder, "--username", "postgres", "--quiet", "--no-psqlrc", "postgres"]


def is_up():
    asked = subprocess.run([*command, "--command", "SELECT"], capture_output=True)
    return asked.returncode == 0


def session():
    return subprocess.Popen([*command, "--output", "/dev/null"], stdin=subprocess.PIPE, text=True)


def say(to, text):
    to.stdin.write(text)
    to.stdin.flush()


while not is_up():
    time.sleep(0.2)
subprocess.run([*command, "--command", TABLE], check=True)
sessions = [session() for _ in range(SESSIONS)]
for each in sessions:
    say(each, HOLD)
turn = 0
while True:
    rows = writes // 50 // PAGES_A_ROW
    if rows > 0:
        first = random.randrange(ROWS - rows)
        within = f"WHERE id BETWEEN {first} AND {first + rows - 1}"
        changed = f"UPDATE entries SET content = repeat(md5(random()::text), 30) {within};\n"
        seen = f"SELECT * FROM entries {within} ORDER BY content;\n"
        say(sessions[turn % SESSIONS], changed + seen)
        turn += 1
    time.sleep(0.02)
