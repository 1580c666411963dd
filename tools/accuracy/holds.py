"""Holds the text of this Python's library, and changes a few pages of its own."""
import pathlib
import random
import sys
import sysconfig
import time

writes = int(sys.argv[1])
library = pathlib.Path(sysconfig.get_paths()["stdlib"])
files = sorted(file for file in library.rglob("*.py") if file.is_file())[:900]
held = [bytearray(file.read_bytes()) for file in files]
words = [held_file.split() for held_file in held[:200]]
own = [bytearray([at % 256]) * 4096 for at in range(4000)]
while True:
    for _ in range(writes // 50):
        page = random.choice(own)
        page[random.randrange(4096)] = random.randrange(256)
    time.sleep(0.02)
