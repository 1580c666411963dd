"""Fills a Redis with the same entries as every other, and changes some of them."""
import random
import sys
import time

from connecting import connect

path, writes = sys.argv[1], int(sys.argv[2])
ENTRIES = 40_000


def store(connection, entries):
    """Sets all of them, and waits for as many answers."""
    connection.sendall(
        b"".join(
            b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(key), key, len(value), value)
            for key, value in entries
        )
    )
    left = len(b"+OK\r\n") * len(entries)
    while left > 0:
        left -= len(connection.recv(left))


def key(number):
    return b"entry:%d" % number


redis = connect(path)
same = random.Random(1)
for first in range(0, ENTRIES, 500):
    store(redis, [(key(at), same.randbytes(1000)) for at in range(first, first + 500)])
own = random.Random()
while True:
    if writes >= 50:
        store(redis, [(key(own.randrange(ENTRIES)), own.randbytes(1000)) for _ in range(writes // 50)])
    time.sleep(0.02)
