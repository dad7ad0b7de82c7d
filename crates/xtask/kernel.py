"""Starts evcxr in a build folder of its own that lasts: what it compiled stays compiled for the next kernel.

    python kernel.py FOLDER PROGRAM [ARGUMENT …]

evcxr builds cells, and the crates they use, in a temporary folder, so that every kernel would compile `digits` anew; and its
cache goes wrong when two kernels fill it at once. Here a kernel takes the first of the folders FOLDER/0, FOLDER/1, … that
no running kernel holds, and becomes PROGRAM. (FOLDER is completed by a name for the checkout: libdigits.so is called the same in
every checkout, so two of them must not share one.) A folder's first content is a copy of FOLDER/seed, which set-up makes: it
runs a kernel with DIGITS_KERNEL_FOLDER=seed. The hold is a lock on an open file: it ends with the kernel, however that ends.
"""

import fcntl
import hashlib
import itertools
import os
import pathlib
import shutil
import sys


def hold(place, wait=False):
    """Locks `place` for as long as this process and its children live; whether that worked."""
    place.mkdir(parents=True, exist_ok=True)
    file = os.open(place / "held", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(file)
        return False
    os.set_inheritable(file, True)
    return True


def take(folder):
    """The build folder to use, with what set-up compiled in it."""
    name = os.environ.pop("DIGITS_KERNEL_FOLDER", None)
    if name:
        hold(folder / name, wait=True)
        return folder / name / "build"
    place = next(folder / str(n) for n in itertools.count() if hold(folder / str(n)))
    build, seed = place / "build", folder / "seed" / "build"
    if not build.exists() and (folder / "seed" / "done").exists():
        copying = place / "copying"
        shutil.rmtree(copying, ignore_errors=True)
        # With the files' times: by them Cargo sees that nothing has changed.
        shutil.copytree(seed, copying, symlinks=True)
        copying.rename(build)
    return build


def forget_cargos_libraries(checkout):
    """Takes the checkout's target/ off the library path, where `cargo run` puts it: the libdigits.so in there is another
    build than the kernel's, and a cell that met it could not be loaded."""
    for name in ("LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"):
        folders = os.environ.get(name, "").split(os.pathsep)
        kept = [f for f in folders if f and not pathlib.Path(f).is_relative_to(checkout / "target")]
        os.environ[name] = os.pathsep.join(kept)
        if not kept:
            del os.environ[name]


checkout = pathlib.Path.cwd().resolve().parent
forget_cargos_libraries(checkout)
build = take(pathlib.Path(sys.argv[1]) / hashlib.sha256(bytes(checkout)).hexdigest()[:12])
build.mkdir(parents=True, exist_ok=True)
os.environ["EVCXR_TMPDIR"] = str(build)
os.execv(sys.argv[2], sys.argv[2:])
