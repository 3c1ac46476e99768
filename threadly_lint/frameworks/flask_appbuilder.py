"""Flask-AppBuilder: exposed methods of views and APIs that an application builder takes in, and their hooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.flask import site_of
from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import join_paths, path_parameters
from threadly_lint.program.entry.registrations import (
    Registration,
    handler_behind,
    hook_step,
    imports,
    is_library,
    scope_in,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import arguments, call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

BUILDER, VIEW, API = "flask_appbuilder.AppBuilder", "flask_appbuilder.BaseView", "flask_appbuilder.BaseApi"
ADDING = frozenset({"add_view", "add_view_no_menu", "add_api"})
EXPOSE, HOOK = "flask_appbuilder.api.expose", "flask_appbuilder.hooks.before_request"


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every exposed method, inherited ones included, of every view and API that is added to a builder."""
    if imports(program, "flask_appbuilder"):
        yield from merged(_added(program))


def _added(program: Program) -> Iterator[EntryPoint]:
    seen = set()
    for r in performed(program, ADDING):
        if r.receiver is None or not is_library(program, r.receiver, BUILDER):
            continue
        for atom in r.argument(0, "baseview"):
            info = atom.shape.info if isinstance(atom.shape, t.ClassRef | t.Inst) else None
            if info is not None and info not in seen and program.hierarchy.inherits(info, VIEW, API):
                seen.add(info)
                yield from _exposed(program, info, r)


def _exposed(program: Program, info: Class, r: Registration) -> Iterator[EntryPoint]:
    for function in _methods(program, info):
        routes = [x for d in function.decorators for x in _marks(program, function, d, EXPOSE)]
        if not routes:
            continue
        call = _calling(program, info, function, routes)
        mounts = tuple(_mount(program, info, function, args, r) for args, _ in routes)
        verbs = dict.fromkeys(v.upper() for args, options in routes for v in _verbs(args, options))
        yield EntryPoint(
            program, "http", "flask", function, call, tuple(verbs), mounts, info.symbol, router=Atom(t.ClassRef(info))
        )  # fmt: skip


def _methods(program: Program, info: Class) -> Iterator[Function]:
    """The methods of a class and its bases as written, each name once."""
    names = dict.fromkeys(
        name for base in program.hierarchy.mro(info) if isinstance(base, Class) for name in base.scope
    )
    for name in names:
        owner, value = program.hierarchy.class_attribute(info, name)
        function = handler_behind(value) if owner is not None else None
        if owner is not None and function is not None and function.owner is owner and not owner.module.is_sketch:
            yield function


def _marks(
    program: Program, function: Function, decorator: n.Expr, name: str
) -> Iterator[tuple[tuple[Value, ...], dict[str, Value]]]:
    """What a decorator of that library name is given."""
    target = decorator.func if isinstance(decorator, n.Call) else decorator
    scope = scope_in(program, function.module, None)
    if any(isinstance(x.shape, t.Lib) and x.shape.name == name for x in evaluate(scope, target)):
        yield arguments(scope, decorator) if isinstance(decorator, n.Call) else ((), {})


def _verbs(args: tuple[Value, ...], options: dict[str, Value]) -> list[str]:
    return texts_of(options.get("methods") or (args[1] if len(args) > 1 else ())) or ["GET"]


# Places --------------------------------------------------------------------------------------------------------------------


def _mount(program: Program, info: Class, function: Function, args: tuple[Value, ...], r: Registration) -> Mount:
    path = join_paths(_base_path(program, info), (t.shape_text(args[0]) or "") if args else "/")
    hooks = tuple(_hooks(program, info, function))
    mount = site_of(program).somewhere(path, hooks)
    return Mount(mount.path, mount.steps, mount.owner, r.conditional)


def _base_path(program: Program, info: Class) -> str:
    def text(name: str) -> str:
        return t.shape_text(program.hierarchy.class_attribute(info, name)[1]) or ""

    if base := text("route_base"):
        return base
    if program.hierarchy.inherits(info, API):
        return f"/api/{text('version') or 'v1'}/{text('resource_name') or info.name.lower()}"
    return f"/{info.name.lower()}"


def _hooks(program: Program, info: Class, function: Function) -> Iterator[Step]:
    """Methods marked with ``@before_request``; ``only`` names the methods that they stand before."""
    for hook in _methods(program, info):
        for decorator in hook.decorators:
            for _, options in _marks(program, hook, decorator, HOOK):
                only = texts_of(options.get("only", ()))
                if not only or function.name in only:
                    scope = Activation(program, info.module.body, {})
                    bound = attribute(scope, (Atom(t.Inst(info)),), hook.name, handler_node(hook))
                    yield hook_step(bound, (), handler_node(hook))


def _calling(
    program: Program, info: Class, function: Function, routes: list[tuple[tuple[Value, ...], dict[str, Value]]]
) -> Rest:
    paths = [t.shape_text(args[0]) or "" for args, _ in routes if args]
    keywords = {k: v for path in paths for k, v in path_parameters(path, function, 1).items()}

    def call(a: Activation) -> Value:
        method = attribute(a, (Atom(t.Inst(info)),), function.name, handler_node(function))
        return call_value(a, method, (), keywords, handler_node(function))

    return call
