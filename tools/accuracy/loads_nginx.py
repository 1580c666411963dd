"""Keeps connections with an nginx, and has it pack one text after the other for them."""
import os
import random
import sys
import time

from connecting import connect

path, writes = sys.argv[1], int(sys.argv[2])
CONNECTIONS = 24
TEXTS = sorted(os.listdir("/usr/share/common-licenses"))
# What a text is packed into, as it is sent, is some pages.
PAGES_A_TEXT = 20
LAST_CHUNK = b"0\r\n\r\n"


def ask(connection, name):
    connection.sendall(
        b"GET /%s HTTP/1.1\r\nHost: here\r\nAccept-Encoding: gzip\r\n\r\n" % name.encode()
    )


def await_answer(connection):
    end = b""
    while not end.endswith(LAST_CHUNK):
        part = connection.recv(65536)
        if not part:
            sys.exit("nginx has hung up")
        end = (end + part)[-len(LAST_CHUNK) :]


# Each is asked at once: while a worker is at that, another takes the next connection.
connections = []
for _ in range(CONNECTIONS):
    connections.append(connect(path))
    ask(connections[-1], TEXTS[0])
for each in connections:
    await_answer(each)
due = 0.0
while True:
    due += writes / 50 / PAGES_A_TEXT
    while due >= 1:
        asked = random.choice(connections)
        ask(asked, random.choice(TEXTS))
        await_answer(asked)
        due -= 1
    time.sleep(0.02)
