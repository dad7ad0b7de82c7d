"""How long from starting a notebook's kernel to its first output; run once, it also warms evcxr's cache.

    .tools/python/bin/python crates/xtask/first_output.py [--online] [--limit SECONDS] [NOTEBOOK]

Starts the kernel `rust` in the current folder (`my-notebooks`), executes the set-up cell of NOTEBOOK (of the
first one there, if none is named) and a cell that prints a value of `digits`, and prints the seconds each took.
`--online` lets Cargo ask the registry; `--limit` makes it fail when the first output comes later.
"""

import argparse
import json
import pathlib
import re
import signal
import sys
import time

from jupyter_client.manager import KernelManager

SET_UP = ':dep digits = { path = "../crates/digits" }'
FIRST = 'println!("classes: {}", digits::dataset::CLASSES);'
PATIENCE = 1800  # seconds: everything is compiled the first time


def set_up_cell(name):
    """The first code cell of the named notebook, or of the first one in this folder."""
    names = [pathlib.Path(name)] if name else sorted(pathlib.Path().glob("*.ipynb"))
    for path in names:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                return "".join(cell["source"])
    return SET_UP


def execute(client, code):
    """Runs a cell and returns what it printed; a failing cell ends this program."""
    printed = []

    def hook(message):
        content = message["content"]
        if message["msg_type"] == "stream":
            printed.append(content["text"])
        elif message["msg_type"] == "error":
            plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"]))
            sys.exit(f"the cell failed: {code}\n{plain}")

    client.execute_interactive(code, timeout=PATIENCE, output_hook=hook)
    return "".join(printed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--online", action="store_true")
    parser.add_argument("--limit", type=float)
    parser.add_argument("notebook", nargs="?")
    options = parser.parse_args()
    set_up = set_up_cell(options.notebook)
    # Whoever ends this program ends the kernel too: one that lives on would keep its build folder locked.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    begun = time.monotonic()
    manager = KernelManager(kernel_name="rust")
    client = None
    try:
        manager.start_kernel()
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=120)
        started = time.monotonic() - begun
        if options.online:
            execute(client, ":offline 0")
        execute(client, set_up)
        compiled = time.monotonic() - begun
        printed = execute(client, FIRST)
        total = time.monotonic() - begun
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if client is not None:
            client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
    if "classes: 10" not in printed:
        sys.exit(f"the first cell printed {printed!r}")
    print(f"kernel started after {started:.1f} s, set-up cell done after {compiled:.1f} s, first output after {total:.1f} s")
    if options.limit and total > options.limit:
        sys.exit(f"the first output came after {total:.1f} s, later than {options.limit:.0f} s")


main()
