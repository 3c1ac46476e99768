"""Falcon: resources with responders, hooks, middleware objects, error handlers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.frameworks.requests import environ, request
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.paths import path_parameters
from threadly_lint.program.entry.registrations import (
    Registration,
    handler_behind,
    identity,
    imports,
    is_library,
    items_of,
    made_with,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import arguments, call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.parameters import definition_scope
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

WSGI, ASGI = "falcon.App", "falcon.asgi.App"
VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "websocket")
BEFORE, AFTER = "falcon.before", "falcon.after"


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every responder of every routed resource, and every sink."""
    if imports(program, "falcon"):
        yield from merged(_routed(program))


def _routed(program: Program) -> Iterator[EntryPoint]:
    for registration in performed(program, frozenset({"add_route", "add_sink"})):
        application = registration.receiver
        if application is None or not is_library(program, application, WSGI, ASGI):
            continue
        if registration.name.endswith("add_sink"):
            yield from _sinks(program, registration)
            continue
        for resource in registration.argument(1, "resource"):
            if isinstance(resource.shape, t.Inst | t.ModuleRef):
                yield from _responders(program, registration, resource)


def _member(program: Program, resource: Atom, name: str) -> Value:
    """A responder of a resource object, or of a module that serves as one."""
    shape = resource.shape
    if isinstance(shape, t.ModuleRef):
        return program.bindings.module_attribute(shape.module, name) if name in shape.module.scope else ()
    return program.hierarchy.class_attribute(shape.info, name)[1] if isinstance(shape, t.Inst) else ()


def _responders(program: Program, registration: Registration, resource: Atom) -> Iterator[EntryPoint]:
    assert registration.receiver is not None
    path = next(iter(texts_of(registration.argument(0, "uri_template"))), "")
    suffix = next(iter(texts_of(registration.argument(-1, "suffix"))), "")
    for verb in VERBS:
        name = f"on_{verb}_{suffix}" if suffix else f"on_{verb}"
        function = handler_behind(_member(program, resource, name))
        if function is None:
            continue
        exchange = Exchange(
            program, registration.receiver, verb.upper() if verb != "websocket" else "GET", path, (resource,)
        )
        steps = (*exchange.middleware(), *exchange.hooks(function))
        yield EntryPoint(
            program,
            "websocket" if verb == "websocket" else "http",
            "falcon",
            function,
            exchange.responder(name, function),
            (verb.upper(),),
            (exchange.mount(path, steps, registration.conditional, exchange.responder(name, function)),),
            group=resource.shape.info.symbol if isinstance(resource.shape, t.Inst) else function.module.path,
            router=registration.receiver,
        )


def _sinks(program: Program, registration: Registration) -> Iterator[EntryPoint]:
    path = next(iter(texts_of(registration.argument(1, "prefix"))), "/")
    for atom in registration.argument(0, "sink"):
        function = handler_behind((atom,))
        if function is None:
            continue
        exchange = Exchange(program, registration.receiver, "", path, t.NONE)
        call = exchange.calling((atom,), path_parameters(path, function, 2), function)
        mount = exchange.mount(path, tuple(exchange.middleware()), registration.conditional, call)
        yield EntryPoint(
            program, "http", "falcon", function, call, (), (mount,), function.module.path, router=registration.receiver
        )


class Exchange:
    """One route's requests and responses, and what the application does with them on the way to the resource."""

    def __init__(self, program: Program, application: Atom | None, method: str, path: str, resource: Value) -> None:
        assert application is not None
        self.program = program
        self.application = application
        self.resource = resource
        kind = "falcon.asgi" if is_library(program, application, ASGI) else "falcon"
        self.request = request(f"{kind}.Request", method, path, env=environ(method, path))
        self.response = t.obj(f"{kind}.Response")
        self.plain: tuple[Value, Value] = (t.obj(f"{kind}.Request"), self.response)

    def mount(self, path: str, steps: tuple[Step, ...], conditional: bool, call: Rest) -> Mount:
        return Mount(path, steps, str(identity(self.application)), conditional, call)

    def middleware(self) -> Iterator[Step]:
        """``process_request`` of all, then ``process_resource`` of all; ``process_response`` runs at the end."""
        objects = middleware_of(self.program, self.application)
        exchange, params = (self.request, self.response), (Atom(t.Map(())),)
        for name, given in (("process_request", exchange), ("process_resource", (*exchange, self.resource, params))):
            for component in objects:
                yield self._step(component, name, given)

    def _step(self, component: Atom, name: str, given: tuple[Value, ...]) -> Step:
        def step(a: Activation, rest: Rest) -> Value:
            for method in (name, f"{name}_async"):
                if isinstance(component.shape, t.Inst) and self.program.hierarchy.has_attribute(
                    component.shape, method
                ):
                    call_value(
                        a,
                        attribute(a, (component,), method, handler_node(a.function)),
                        given,
                        {},
                        handler_node(a.function),
                    )
                    break
            return rest(a) if a.state is not None else ()

        return step

    def hooks(self, function: Function) -> Iterator[Step]:
        """``@falcon.before`` and ``@falcon.after`` on the class, then on the responder."""
        classes = [x.shape.info for x in self.resource if isinstance(x.shape, t.Inst)]
        for base in (c for info in classes for c in self.program.hierarchy.mro(info) if isinstance(c, Class)):
            for decorator in base.node.decorators:
                yield from self._hook(self.program.hierarchy.scope_of(base), decorator)
        scope = definition_scope(self.program, function)
        for decorator in function.decorators:
            scope.revive()
            yield from self._hook(scope, decorator)

    def _hook(self, scope: Activation, decorator: n.Expr) -> Iterator[Step]:
        for name, args in hook_arguments(scope, decorator):
            if args:
                yield self._hook_step(name, args[0], args[1:], decorator)

    def _hook_step(self, name: str, action: Value, more: tuple[Value, ...], node: n.Expr) -> Step:
        common = (*self.plain, self.resource)

        def step(a: Activation, rest: Rest) -> Value:
            if name == AFTER:
                value = rest(a)
                call_value(a, action, (*common, *more), {}, node)
                return value
            call_value(a, action, (*common, (Atom(t.Map(())),), *more), {}, node)
            return rest(a) if a.state is not None else ()

        return step

    def responder(self, name: str, function: Function) -> Rest:
        """Call the resource's method."""
        keywords = path_parameters("", function, 3 if function.owner is not None else 2)

        def call(a: Activation) -> Value:
            method = attribute(a, self.resource, name, handler_node(function))
            return call_value(a, method, self.plain, keywords, handler_node(function))

        return call

    def calling(self, func: Value, keywords: dict[str, Value], function: Function) -> Rest:
        return lambda a: call_value(a, func, self.plain, keywords, handler_node(function))


def hook_arguments(scope: Activation, decorator: n.Expr) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Name and arguments of a hook, written in place or kept in a variable."""
    if isinstance(decorator, n.Call):
        for atom in evaluate(scope, decorator.func):
            if isinstance(atom.shape, t.Lib) and atom.shape.name in (BEFORE, AFTER):
                yield atom.shape.name, arguments(scope, decorator)[0]
        return
    for atom in evaluate(scope, decorator):
        shape = atom.shape
        if isinstance(shape, t.Obj) and shape.name in (BEFORE, AFTER) and shape.made is not None:
            yield shape.name, shape.made.args


def middleware_of(program: Program, application: Atom) -> list[Atom]:
    """The middleware objects of an application, first to last."""
    key = ("falcon middleware", identity(application))
    found = program.memo.get(key)
    if found is None:
        found = program.memo[key] = list(_middleware(program, application))
    return found


def _middleware(program: Program, application: Atom) -> Iterator[Atom]:
    added = (
        r.argument(0, "middleware")
        for r in performed(program, frozenset({"add_middleware"}))
        if r.receiver is not None and identity(r.receiver) == identity(application)
    )
    for value in (made_with(application, "middleware"), *added):
        for item in items_of(value):
            yield from (x for x in item if isinstance(x.shape, t.Inst))
