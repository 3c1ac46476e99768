"""What astroid's inference adds to an analysis.

    python benchmarks/inference.py FOLDER... [--questions]

Each project is analysed by all rules without a cache, with the setting ``inference`` off and on. Printed are how many
unknown receivers were worth a question, how many of them got an answer, which findings appear or vanish, and the ratio
of the processor time. ``--questions`` lists each question with its answer.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from msgspec.structs import replace

from threadly_lint.check import check
from threadly_lint.program.inference import Answer
from threadly_lint.project import load_project
from threadly_lint.registry import Registry, load_registry
from threadly_lint.room import with_room
from threadly_lint.run import read_program


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--questions", action="store_true", help="list each question with its answer")
    arguments = parser.parse_args()
    registry = load_registry()
    for folder in arguments.folders:
        before, _, seconds = analysed(folder, registry, inference=False)
        after, answers, longer = analysed(folder, registry, inference=True)
        known = Counter(answer[1] for answer in answers.values() if answer is not None)
        print(
            f"{folder.name}: {len(answers)} questions, {known.total()} answers, {seconds:.2f} s, {longer:.2f} s, ",
            end="",
        )
        print(f"ratio {longer / seconds:.2f}")
        for name, count in known.most_common():
            print(f"    {count:5} {name}")
        for sign, findings in (("+", after - before), ("-", before - after)):
            for finding in sorted(findings):
                print(f"  {sign} {finding}")
        if arguments.questions:
            for place, answer in sorted(answers.items()):
                print(f"    {place} {answer[1] if answer else '?'}")


def analysed(folder: Path, registry: Registry, *, inference: bool) -> tuple[Counter[str], dict[str, Answer], float]:
    """The findings, what was asked, and the processor time in seconds."""
    project = load_project(folder, isolated=True)
    project.settings = replace(project.settings, inference=inference, preview=True)
    start = time.process_time()
    program = read_program(project)
    found = with_room(lambda: check(program, registry.rules.values())).findings
    seconds = time.process_time() - start
    answers = program.inference.answers if program.inference is not None else {}
    return Counter(f"{f.path}:{f.line} {f.code} {f.message}" for f in found), answers, seconds


if __name__ == "__main__":
    main()
