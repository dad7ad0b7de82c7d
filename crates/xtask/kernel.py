"""Starts evcxr in a build folder of its own that lasts: what it compiled stays compiled for the next kernel.

    python kernel.py FOLDER PROGRAM [ARGUMENT …]

evcxr builds cells, and the crates they use, in a temporary folder, so that every kernel would compile `digits` anew. Here a
kernel takes the first folder FOLDER/0, FOLDER/1, … that no running kernel holds, and becomes PROGRAM. The hold is a
lock on an open file: it ends with the kernel, however that ends.
"""

import fcntl
import itertools
import os
import pathlib
import sys


def take(folder):
    """The first free build folder below `folder`, held as long as this process and its children live."""
    for number in itertools.count():
        place = folder / str(number)
        place.mkdir(parents=True, exist_ok=True)
        file = os.open(place / "held", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            continue
        os.set_inheritable(file, True)
        return place / "build"


build = take(pathlib.Path(sys.argv[1]))
build.mkdir(exist_ok=True)
os.environ["EVCXR_TMPDIR"] = str(build)
os.execv(sys.argv[2], sys.argv[2:])
