"""Holds the text of this Python's library, forks workers that inherit it, and has each write a part.

A worker goes on to write pages of its own, as many a second as it is told.
"""
import os
import pathlib
import random
import sys
import sysconfig
import time

WORKERS = 3
writes = int(sys.argv[1])
library = pathlib.Path(sysconfig.get_paths()["stdlib"])
files = sorted(file for file in library.rglob("*.py") if file.is_file())[:900]
held = [bytearray(file.read_bytes()) for file in files]
own = [bytearray([at % 256]) * 4096 for at in range(4000)]


def work(number):
    """Writes a part of what is inherited, another than each other worker does."""
    for text in held[number :: 2 * WORKERS]:
        for at in range(0, len(text), 4096):
            text[at] = number
    while True:
        for _ in range(writes // 50):
            page = random.choice(own)
            page[random.randrange(4096)] = random.randrange(256)
        time.sleep(0.02)


for number in range(WORKERS):
    if os.fork() == 0:
        random.seed()
        work(number)
while True:
    time.sleep(60)
