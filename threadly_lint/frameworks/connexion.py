"""Connexion: functions that an OpenAPI document names, behind the security that it declares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from threadly_lint.frameworks.asgi import Exchange, middleware_steps
from threadly_lint.frameworks.openapi import ENDINGS, Document, Operation, Scheme, base_path, operations, read_document
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths
from threadly_lint.program.entry.registrations import (
    Registration,
    handler_behind,
    imports,
    is_library,
    made_with,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.parameters import OPEN
from threadly_lint.program.interpreter.types import Atom, Guard, Proof, Tag, Value
from threadly_lint.program.symbols.names import Function, Module
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APPLICATIONS = ("connexion.FlaskApp", "connexion.AsyncApp")
RESTY, METHOD_VIEW = "connexion.resolver.RestyResolver", "connexion.resolver.MethodViewResolver"
TYPED, RAW = Tag("request", "typed"), Tag("request", "body")


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every operation of every document that an application takes, as far as its function is the project's."""
    if imports(program, "connexion"):
        yield from merged(_operations(program))


def _operations(program: Program) -> Iterator[EntryPoint]:
    for registration in performed(program, frozenset({"add_api"})):
        application = registration.receiver
        if application is None or not is_library(program, application, *APPLICATIONS):
            continue
        for document in _documents(program, registration, application):
            given = next(iter(texts_of(registration.argument(1, "base_path"))), None)
            prefix = base_path(document) if given is None else given
            for operation in operations(document):
                yield from _endpoint(program, registration, application, prefix, operation)


def _endpoint(
    program: Program, registration: Registration, application: Atom, prefix: str, operation: Operation
) -> Iterator[EntryPoint]:
    name = _resolved(registration, application, operation)
    value = dotted_value(program, registration.module, name) if "." in name else ()
    function = handler_behind(value)
    if function is None:
        return
    path, method = join_paths(prefix, operation.path), operation.method.upper()
    call = _calling(value, function, operation)
    steps = (
        *_flask_hooks(program),
        *middleware_steps(program, application, Exchange(method, path)),
        *_security_steps(program, registration.module, operation),
    )
    mount = Mount(path, steps, registration.module.path, registration.conditional, call)
    yield EntryPoint(program, "http", "connexion", function, call, (method,), (mount,), function.path)


def dotted_value(program: Program, importer: Module, text: str) -> Value:
    """The function that a dotted name stands for; methods are bound to an instance of their class."""
    parts = text.split(".")
    for count in range(len(parts) - 1, 0, -1):
        modules = [
            x
            for x in program.bindings.import_name(importer, ".".join(parts[:count]))
            if isinstance(x.shape, t.ModuleRef)
        ]
        if not modules:
            continue
        scope = program.bindings.body(importer)
        scope.revive()
        value: Value = tuple(modules)
        for name in parts[count:]:
            value = attribute(scope, program.libraries.instances(value), name, n.Name(n.NOWHERE, name))
        return value
    return ()


# Documents ----------------------------------------------------------------------------------------------------------


def _documents(program: Program, registration: Registration, application: Atom) -> Iterator[Document]:
    """The document that ``add_api`` names; where the name is computed, every document that lies beside the code."""
    folder = next(iter(texts_of(made_with(application, "specification_dir", 2))), "")
    given = registration.argument(0, "specification")
    texts = texts_of(given)
    home = (program.project.root / registration.module.path).parent
    for text in texts:
        place = next((p for p in _places(program, home, folder, text) if p.is_file()), None)
        if place is not None and (document := read_document(place)) is not None:
            yield document
    if not texts and given:
        yield from _beside(home / folder)


def _places(program: Program, home: Path, folder: str, name: str) -> Iterator[Path]:
    for base in (home, *home.parents):
        if not base.is_relative_to(program.project.root):
            return
        yield base / folder / name
        yield base / name


def _beside(folder: Path) -> Iterator[Document]:
    for inner in (folder, *sorted(x for x in folder.iterdir() if x.is_dir())) if folder.is_dir() else ():
        for path in sorted(inner.iterdir()):
            if path.suffix in ENDINGS and path.is_file() and (document := read_document(path)) is not None:
                yield document


def _resolved(registration: Registration, application: Atom, operation: Operation) -> str:
    """The function's dotted name: as written, or as a resolver makes it from the path."""
    resolver = registration.argument(-1, "resolver") or made_with(application, "resolver")
    for atom in resolver:
        shape = atom.shape
        module = next(iter(texts_of(made_with(atom, "default_module_name", 0))), "")
        if operation.function or not isinstance(shape, t.Obj) or not module:
            continue
        parts = [p for p in operation.path.split("/") if p and not p.startswith("{")]
        is_collection = not operation.path.rstrip("/").endswith("}")
        verb = "search" if operation.method == "get" and is_collection else operation.method
        if shape.name == RESTY:
            return ".".join((module, *(p.replace("-", "_") for p in parts), verb))
        if shape.name == METHOD_VIEW and parts:
            return f"{module}.{parts[0].replace('-', '_').title().replace('_', '')}View.{verb}"
    return operation.function


# Steps --------------------------------------------------------------------------------------------------------------


def _flask_hooks(program: Program) -> list[Step]:
    """``before_request`` on the Flask application that stands behind the Connexion one."""
    from threadly_lint.frameworks.flask import Site

    found: list[Step] | None = program.memo.get("connexion hooks")
    if found is None:
        site = Site(program)
        behind = [x for x in site.nodes.values() if isinstance(x.atom.shape, t.Obj) and x.atom.shape.made is None]
        found = program.memo["connexion hooks"] = [*site.everywhere, *(hook for node in behind for hook in node.hooks)]
    return found


def _security_steps(program: Program, module: Module, operation: Operation) -> Iterator[Step]:
    """The declared security: one of the alternatives has to let the caller in."""
    if operation.security and all(operation.security):

        def step(a: Activation, rest: Rest) -> Value:
            proofs = [_proof(a, module, schemes) for schemes in operation.security]
            if all(proofs):
                a.prove(frozenset().union(*proofs))
            return rest(a)

        yield step


def _proof(a: Activation, module: Module, schemes: tuple[Scheme, ...]) -> Proof:
    found: Proof = t.NO_PROOF
    for scheme in schemes:
        found |= _checked(a, module, scheme)
    return found


def _checked(a: Activation, module: Module, scheme: Scheme) -> Proof:
    """What a scheme proves: what its function's results do (None rejects). One that cannot be seen is believed."""
    checker = dotted_value(a.program, module, scheme.checker) if "." in scheme.checker else ()
    function = handler_behind(checker)
    if function is None:
        return frozenset({Guard(f"security scheme `{scheme.name}`")})
    sent = frozenset({Tag("credential", scheme.name)})
    weak = Guard(f"presence of `{scheme.name}`", strength="weak")
    token = t.proven(t.obj("str", tags=sent), frozenset({weak}))
    required = [p for p in function.params if p.kind == "normal" and p.default is None and p.name != "required_scopes"]
    value = call_value(a, checker, tuple(token for _ in required), {}, handler_node(a.function))
    there = [x for x in value if not t.is_none(x)]
    return t.common_proof(there) | {weak}


def _calling(value: Value, function: Function, operation: Operation) -> Rest:
    """Call the operation's function with what Connexion takes from the request, checked against the document."""
    keywords: dict[str, Value] = {}
    for param in function.params:
        if param.kind == "kwargs":
            keywords = {name: t.unknown(frozenset({TYPED})) for name in sorted(operation.parameters)} | keywords
            keywords[OPEN] = t.unknown(frozenset({RAW if operation.body_is_free else TYPED}))
        if param.kind not in ("normal", "keyword") or (
            param.default is not None and param.name not in operation.parameters
        ):
            continue
        if param.name in ("user", "token_info"):
            keywords[param.name] = t.unknown(frozenset({Tag("identity", param.name)}))
        else:
            is_raw = param.name not in operation.parameters and operation.body_is_free
            keywords[param.name] = t.unknown(frozenset({RAW if is_raw else TYPED}))
    return lambda a: call_value(a, value, (), keywords, handler_node(function))
