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
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


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


def run_cell(client, cell, index, seconds):
    """Executes one cell and returns what went wrong, or None."""
    must_fail = "raises-exception" in cell.metadata.get("tags", [])
    try:
        client.execute_cell(cell, index)
    except CellTimeoutError:
        return f"took longer than {seconds} s"
    except DeadKernelError:
        return "the kernel died"
    except CellExecutionError as failure:
        return error_of(cell) or plain(str(failure))
    error = error_of(cell)
    if must_fail and error is None:
        return "compiled and ran, but must be refused by the compiler"
    if error is not None and not must_fail:
        return error
    return None


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
    client = NotebookClient(
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
    codes = sum(cell.cell_type == "code" for cell in notebook.cells)
    try:
        with client.setup_kernel():
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type != "code":
                    continue
                report["now"] = cell.id
                begun = time.monotonic()
                error = run_cell(client, cell, index, options.cell)
                seconds = time.monotonic() - begun
                report["cells"][cell.id] = {"outputs": cell.outputs, "seconds": round(seconds, 2)}
                done = len(report["cells"])
                print(f"  {options.notebook.stem} {done:>3}/{codes} {cell.id}: {seconds:.1f} s", file=sys.stderr, flush=True)
                if error is not None:
                    report["failure"] = {"cell": cell.id, "error": error}
                    break
    except Exception as failure:  # a kernel that does not start, or does not stop
        if report["failure"] is None:
            report["failure"] = {"cell": report["now"], "error": f"{type(failure).__name__}: {plain(str(failure))}"}
    write()
    sys.exit(1 if report["failure"] else 0)


main()
