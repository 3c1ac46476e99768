"""Compare the time for a generated program with that for one of twice the size.

    python benchmarks/linear.py [--runs N] [--scale FACTOR]

For each kind of program the two sizes are analysed by turns, without a cache, by all rules. Printed are the medians of
the processor time and their ratio: 2 is linear, 4 is quadratic.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from generated_code import PROGRAMS

from threadly_lint.project import load_project
from threadly_lint.registry import Registry, load_registry
from threadly_lint.run import Request, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="paired runs for each kind of program")
    parser.add_argument("--scale", type=float, default=1.0, help="make all programs so many times as large")
    arguments = parser.parse_args()
    registry = load_registry()
    for program, _ in PROGRAMS.values():
        seconds(program(8), registry)  # what is loaded once is no part of the comparison
    for kind, (program, size) in PROGRAMS.items():
        sizes = (round(size * arguments.scale), round(size * arguments.scale) * 2)
        pairs = [[seconds(program(one), registry) for one in sizes] for _ in range(arguments.runs)]
        small, large = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
        ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
        print(f"{kind:32} {sizes[0]:6} {small:8.2f} s {sizes[1]:6} {large:8.2f} s  ratio {ratio:.2f}", flush=True)


def seconds(source: str, registry: Registry) -> float:
    """The processor time for the analysis of one module."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "pyproject.toml").write_text("[tool.threadly-lint]\n")
        (folder / "app.py").write_text(source)
        project = load_project(folder)
        before = time.process_time()
        run(project, registry, Request(project.settings))
        return time.process_time() - before


if __name__ == "__main__":
    main()
