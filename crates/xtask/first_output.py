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
import sys
import time

from jupyter_client.manager import start_new_kernel

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
    begun = time.monotonic()
    manager, client = start_new_kernel(kernel_name="rust", startup_timeout=120)
    try:
        started = time.monotonic() - begun
        if options.online:
            execute(client, ":offline 0")
        execute(client, set_up)
        compiled = time.monotonic() - begun
        printed = execute(client, FIRST)
        total = time.monotonic() - begun
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    if "classes: 10" not in printed:
        sys.exit(f"the first cell printed {printed!r}")
    print(f"kernel started after {started:.1f} s, set-up cell done after {compiled:.1f} s, first output after {total:.1f} s")
    if options.limit and total > options.limit:
        sys.exit(f"the first output came after {total:.1f} s, later than {options.limit:.0f} s")


main()
