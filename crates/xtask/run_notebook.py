"""Executes a notebook in the kernel `rust` and writes what its cells gave; `cargo xtask notebooks` calls it.

    run_notebook.py NOTEBOOK REPORT --folder FOLDER --cell SECONDS --whole SECONDS

REPORT is JSON: `cells` (name → outputs, seconds), `machine`, and `failure` (cell, error) or null. Cells tagged
`raises-exception` must fail, all others must not. Neither a cell nor the whole run may take longer than told:
a kernel that hangs is killed and reported like any other failure.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import sys
import threading
import time

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LAST = "all cells are done"


class Client(NotebookClient):
    """Gives each cell all that it wrote.

    evcxr passes on what a program writes from another thread than the one that says that a cell is done, so that the
    last lines may come when the cell is over, where `NotebookClient` does not look for them.
    """

    def listen(self):
        """Puts late lines where they belong; to be called once the kernel runs."""
        channel, cells, self.now = self.kc.iopub_channel, {}, None
        get = channel.get_msg

        async def get_msg(*args, **kwargs):
            message = await get(*args, **kwargs)
            cell = cells.setdefault(message["parent_header"].get("msg_id"), self.now)
            if cell not in (None, self.now) and message["msg_type"] == "stream":
                give(cell, message["content"]["name"], message["content"]["text"])
            return message

        channel.get_msg = get_msg

    def execute_cell(self, cell, index):
        """Executes one cell; what comes afterwards is late."""
        self.now = cell
        try:
            return super().execute_cell(cell, index)
        finally:
            self.now = None

    def finish(self, last, seconds):
        """Runs one more cell, which writes to stderr, and waits for its line: those before it have come by then.

        What else comes with it was written by the `last` cell, or before.
        """
        end = nbformat.v4.new_code_cell(f'eprintln!("{LAST}");')
        self.nb.cells.append(end)
        self.execute_cell(end, len(self.nb.cells) - 1)
        while LAST not in (error_of(end) or ""):
            run_sync(self.kc.iopub_channel.get_msg)(timeout=seconds)
        for output in self.nb.cells.pop().outputs:
            give(last, output.name, output.text.replace(f"{LAST}\n", ""))


def give(cell, name, text):
    """Adds to a cell's outputs a `text` that it wrote to the stream called `name`."""
    for output in cell.outputs:
        if output.get("name") == name:
            output.text += text
            return
    if text:
        cell.outputs.append(nbformat.v4.new_output("stream", name=name, text=text))


def machine():
    """The processor's name and its cores, so that recorded times can be judged."""
    name = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
        name = found.group(1).strip() if found else name
    return f"{name}, {os.cpu_count()} cores"


def plain(text):
    """Without a terminal's colours."""
    return ESCAPES.sub("", "".join(text))


def error_of(cell):
    """The text of the error a cell ended in, with what it wrote to stderr, or None."""
    wrote = "".join(plain(output.text) for output in cell.outputs if output.get("name") == "stderr")
    for output in cell.outputs:
        if output.output_type == "error":
            return wrote + (plain("\n".join(output.traceback)) or plain(output.evalue))
    # evcxr keeps the variables of a cell that panics, or that `?` left with an error, and says so on stderr only.
    return wrote or None


def verdict(cell):
    """What is wrong with what a cell has given, or None."""
    error = error_of(cell)
    if "raises-exception" not in cell.metadata.get("tags", []):
        return error
    return None if error else "compiled and ran, but must be refused by the compiler"


def run_cell(client, cell, index, seconds):
    """Executes one cell and returns what went wrong, or None."""
    try:
        client.execute_cell(cell, index)
    except CellTimeoutError:
        return f"took longer than {seconds} s"
    except DeadKernelError:
        return "the kernel died"
    except CellExecutionError as failure:
        return error_of(cell) or plain(str(failure))
    return verdict(cell)


def run_cells(client, report, name, seconds):
    """Executes the cells up to the first that fails; reports what each gave, and the failure."""
    codes = [(index, cell) for index, cell in enumerate(client.nb.cells) if cell.cell_type == "code"]
    client.listen()
    for index, cell in codes:
        report["now"] = cell.id
        begun = time.monotonic()
        error = run_cell(client, cell, index, seconds)
        taken = time.monotonic() - begun
        report["cells"][cell.id] = {"outputs": cell.outputs, "seconds": round(taken, 2)}
        done = len(report["cells"])
        print(f"  {name} {done:>3}/{len(codes)} {cell.id}: {taken:.1f} s", file=sys.stderr, flush=True)
        if error is not None:
            report["failure"] = {"cell": cell.id, "error": error}
            return
    client.finish(codes[-1][1], seconds)
    for _, cell in codes:
        error = verdict(cell)
        if error is not None:
            report["failure"] = {"cell": cell.id, "error": error}
            return


def watch(client, report, write, seconds):
    """Ends everything when the whole run takes too long."""

    def bark():
        cell = report["now"]
        report["failure"] = {"cell": cell, "error": f"the whole notebook took longer than {seconds} s"}
        write()
        provisioner = getattr(client.km, "provisioner", None)
        process = getattr(provisioner, "process", None)
        if process is not None:
            os.killpg(os.getpgid(process.pid), 9) if hasattr(os, "killpg") else process.kill()
        os._exit(1)

    timer = threading.Timer(seconds, bark)
    timer.daemon = True
    timer.start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=pathlib.Path)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--cell", type=int, required=True)
    parser.add_argument("--whole", type=int, required=True)
    options = parser.parse_args()

    notebook = nbformat.read(options.notebook, as_version=4)
    client = Client(
        notebook,
        kernel_name="rust",
        timeout=options.cell,
        startup_timeout=120,
        coalesce_streams=True,
        resources={"metadata": {"path": options.folder}},
    )
    report = {"cells": {}, "machine": machine(), "failure": None, "now": "set-up"}

    def write():
        beside = options.report.with_suffix(".part")
        beside.write_text(json.dumps(report), encoding="utf-8")
        beside.replace(options.report)

    watch(client, report, write, options.whole)
    try:
        with client.setup_kernel():
            run_cells(client, report, options.notebook.stem, options.cell)
    except Exception as failure:  # a kernel that does not start, or does not stop
        if report["failure"] is None:
            report["failure"] = {"cell": report["now"], "error": f"{type(failure).__name__}: {plain(str(failure))}"}
    write()
    sys.exit(1 if report["failure"] else 0)


main()
