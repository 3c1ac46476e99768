"""Cloud functions: handlers of AWS Lambda, Chalice, Azure Functions and Google Cloud Functions, whatever triggers them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.cloud_events import answers_requests, declared_proof, event_value, reads_event
from threadly_lint.frameworks.handed_over import Address, each_once, entry_point, handed_over, outside_call
from threadly_lint.program.entry.entry_points import EntryPoint
from threadly_lint.program.entry.registrations import Registration, imports, registered_value, texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Guard, Value
from threadly_lint.program.symbols.names import Function

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

LIBRARIES = frozenset({"aws_lambda_powertools", "azure", "chalice", "firebase_functions", "functions_framework"})
TEMPLATES = ("*template*.y*ml", "serverless*.y*ml", "sam*.y*ml", "*-service.y*ml", "*stack*.y*ml", "*.tf")
CONVENTION = ("event", "context")
VERBS = frozenset("get post put patch delete head options".split())
HANDLER = re.compile(
    r"""^\s*["']?[Hh]andler["']?\s*[:=]\s*["']?(?P<path>[\w./-]+)\.(?P<name>\w+)["']?\s*$""", re.MULTILINE
)


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every function that a cloud calls: by decorators, and by name in deployment templates."""
    yield from each_once(_functions(program))


def _functions(program: Program) -> Iterator[EntryPoint]:
    if imports(program, *LIBRARIES):
        for registration in handed_over(program, LIBRARIES, "route"):
            yield _decorated(program, registration)
    for path, name in _templated(program):
        for module in program.modules.values():
            if module.path == f"{path}.py" or module.path.endswith(f"/{path}.py"):
                for atom in program.bindings.module_attribute(module, name):
                    if isinstance(atom.shape, t.Func) and atom.shape.info.module is module:
                        yield _called(program, "aws-lambda", atom.shape.info, (atom,))
    for function in program.functions:
        if _serves_a_gateway(program, function):
            yield _called(program, "aws-lambda", function, program.function_value(function))


def _serves_a_gateway(program: Program, function: Function) -> bool:
    """A function of a module that nothing here calls, with a gateway's event and a context: deployed by other means."""
    names = [p.name for p in function.params if p.kind in ("normal", "positional")]
    if (
        function.parent is not None
        or function.owner is not None
        or len(names) != 2
        or program.project.is_exempt(function.path)
    ):
        return False
    if function is function.module.body or not answers_requests(function) or program.calls_named(function.name):
        return False
    return tuple(names) == CONVENTION or reads_event(function, names[0])


def _decorated(program: Program, registration: Registration) -> EntryPoint:
    """A route of a resolver or application answers requests; what other decorators hand over, as its body shows."""
    framework, leaf = registration.name.partition(".")[0], registration.name.rpartition(".")[2]
    function = registration.function
    assert function is not None
    if program.knowledge.fact(registration.name, "route") is None:
        if framework != "aws_lambda_powertools" or not answers_requests(function):
            return entry_point(program, "lambda", framework, registration)
        return _called(program, framework, function, registered_value(program, registration))
    methods = (leaf.upper(),) if leaf in VERBS else tuple(texts_of(registration.argument(1, "method", "methods")))
    path = next(iter(texts_of(registration.argument(0, "rule", "path", "route"))), function.qualname)
    proof = frozenset({Guard("authorizer of the route")}) if _is_authorized(registration) else t.NO_PROOF
    return entry_point(program, "http", framework, registration, address=Address(path, methods, proof))


def _is_authorized(registration: Registration) -> bool:
    return any(not t.is_none(x) for x in registration.argument(-1, "authorizer"))


def _called(program: Program, framework: str, function: Function, value: Value) -> EntryPoint:
    if not answers_requests(function):
        return outside_call(program, "lambda", framework, function, value)
    address = Address(function.qualname, (), declared_proof(_templates(program)))
    return outside_call(program, "http", framework, function, value, (event_value(),), address)


def _templates(program: Program) -> str:
    """The text of all deployment templates beside the code or above it."""
    found = program.memo.get("deployment templates")
    if found is None:
        folders = {"": None, **dict.fromkeys(m.path.rpartition("/")[0] for m in program.modules.values())}
        around = dict.fromkeys((*folders, *(f.rpartition("/")[0] for f in folders)))
        files = [f for x in around for pattern in TEMPLATES for f in sorted((program.project.root / x).glob(pattern))]
        found = "\n".join(f.read_text(encoding="utf-8", errors="replace") for f in files)
        program.memo["deployment templates"] = found
    return str(found)


def _templated(program: Program) -> Iterator[tuple[str, str]]:
    """Handlers named in deployment templates beside the code, as path without ending and function."""
    for match in HANDLER.finditer(_templates(program)):
        yield match["path"].removeprefix("./").replace(".", "/"), match["name"]
