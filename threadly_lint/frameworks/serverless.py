"""Cloud functions: handlers of AWS Lambda, Chalice, Azure Functions and Google Cloud Functions, whatever triggers them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.handed_over import each_once, entry_point, handed_over, outside_call
from threadly_lint.program import types as t
from threadly_lint.program.entry_points import EntryPoint
from threadly_lint.program.registrations import imports

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LIBRARIES = frozenset({"aws_lambda_powertools", "azure", "chalice", "firebase_functions", "functions_framework"})
TEMPLATES = ("template.yaml", "template.yml", "serverless.yml", "serverless.yaml", "sam.yaml", "sam.yml")
HANDLER = re.compile(
    r"""^\s*["']?[Hh]andler["']?\s*:\s*["']?(?P<path>[\w./-]+)\.(?P<name>\w+)["']?\s*$""", re.MULTILINE
)


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every function that a cloud calls: by decorators, and by name in deployment templates."""
    yield from each_once(_functions(program))


def _functions(program: Program) -> Iterator[EntryPoint]:
    if imports(program, *LIBRARIES):
        for registration in handed_over(program, LIBRARIES, "route"):
            yield entry_point(program, "lambda", registration.name.partition(".")[0], registration)
    for path, name in _templated(program):
        for module in program.modules.values():
            if module.path == f"{path}.py" or module.path.endswith(f"/{path}.py"):
                for atom in program.module_attribute(module, name):
                    if isinstance(atom.shape, t.Func) and atom.shape.info.module is module:
                        yield outside_call(program, "lambda", "aws-lambda", atom.shape.info, (atom,))


def _templated(program: Program) -> Iterator[tuple[str, str]]:
    """Handlers named in deployment templates beside the code, as path without ending and function."""
    folders = {"": None, **dict.fromkeys(m.path.rpartition("/")[0] for m in program.modules.values())}
    parents = dict.fromkeys(f.rpartition("/")[0] for f in folders)
    for folder in dict.fromkeys((*folders, *parents)):
        for name in TEMPLATES:
            file = program.project.root / folder / name
            if file.is_file():
                for match in HANDLER.finditer(file.read_text(encoding="utf-8", errors="replace")):
                    yield match["path"].removeprefix("./").replace(".", "/"), match["name"]
