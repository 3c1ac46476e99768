"""Tornado: handler lists of applications, ``initialize`` and ``prepare``, the current user, WebSocket handlers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.frameworks.performed import merged, performed
from threadly_lint.frameworks.requests import request
from threadly_lint.program.entry.entry_points import EntryPoint, Mount, Rest, Step, handler_node
from threadly_lint.program.entry.registrations import (
    class_decorations,
    handler_behind,
    identity,
    imports,
    is_library,
    items_of,
    made_with,
    scope_in,
    texts_of,
)
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.parameters import OPEN, SPILL
from threadly_lint.program.interpreter.types import Atom, Tag, Value
from threadly_lint.program.symbols.names import Class, Function, Module
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

APPLICATION, HANDLER = "tornado.web.Application", "tornado.web.RequestHandler"
WEBSOCKET = "tornado.websocket.WebSocketHandler"
AUTHENTICATED = "tornado.web.authenticated"
RULES = ("tornado.web.url", "tornado.web.URLSpec", "tornado.routing.Rule", "tornado.routing.URLSpec")
VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
FINISHING = ("redirect", "finish", "send_error", "write_error", "render", "close")
GROUP = re.compile(r"\((?:\?P<\w+>)?[^()]*\)")
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>")


class Rule(NamedTuple):
    """One line of a handler list; ``application`` is None for lists that no application is seen to take."""

    application: Atom | None
    settings: Value
    path: str
    handler: Class
    options: Value = ()
    conditional: bool = False


def entry_points(program: Program) -> Iterator[EntryPoint]:
    """Every HTTP method, or the messages, of every handler in the list of an application."""
    if not imports(program, "tornado"):
        return
    rules = list(_applied(program))
    routed = {rule.handler for rule in rules}
    loose = [rule for rule in _loose(program) if rule.handler not in routed]
    yield from merged(entry for rule in (*rules, *loose) for entry in Handling(program, rule).endpoints())


# Handler lists ------------------------------------------------------------------------------------------------------


def _applied(program: Program) -> Iterator[Rule]:
    """Lists given to applications when they are made, in constructors of subclasses, or added later."""
    for r in performed(program, frozenset({"Application"})):
        for application in r.value:
            if is_library(program, application, APPLICATION):
                settings = _settings(r.keywords)
                yield from _rules(program, application, settings, r.argument(0, "handlers"), conditional=r.conditional)
    for info in program.classes:
        if program.hierarchy.inherits(info, APPLICATION):
            yield from _of_subclass(program, info)
    for r in performed(program, frozenset({"add_handlers"})):
        if r.receiver is not None and is_library(program, r.receiver, APPLICATION):
            yield from _rules(program, r.receiver, (), r.argument(1, "host_handlers"), conditional=r.conditional)


def _of_subclass(program: Program, info: Class) -> Iterator[Rule]:
    """``super().__init__(handlers, **settings)``, run with the arguments of every call that makes an application."""
    init = program.hierarchy.constructor(info)
    if init is None:
        return
    made = [x for x in _made(program, info.name) if isinstance(x.shape, t.Inst) and x.shape.info is info]
    for application in dict.fromkeys(made) or {Atom(t.Inst(info)): None}:
        shape = application.shape
        assert isinstance(shape, t.Inst)
        func = t.Func(init, (application,))
        given = shape.args or shape.keywords
        outcome = program.run(func, shape.args, dict(shape.keywords), generic=not given)
        for event in outcome.events:
            if getattr(event, "api", "") != f"{APPLICATION}.__init__":
                continue
            args, keywords = event.args, dict(event.keywords)  # type: ignore[union-attr]
            if args and any(x.shape == shape for x in args[0]):
                args = args[1:]
            handlers = keywords.get("handlers") or (args[0] if args else ())
            yield from _rules(program, application, _settings(keywords), handlers)


def _made(program: Program, name: str) -> Iterator[Atom]:
    for call, module, function in program.calls_named(name):
        if not program.project.is_exempt(module.path):
            yield from evaluate(scope_in(program, module, function), call)


def _settings(keywords: dict[str, Value]) -> Value:
    entries = {k: v for k, v in keywords.items() if k.isidentifier()}
    return (Atom(t.Map(tuple(entries.items()))),)


def _rules(
    program: Program, application: Atom | None, settings: Value, handlers: Value, *, conditional: bool = False
) -> Iterator[Rule]:
    for item in items_of(handlers):
        for atom in item:
            yield from _rule(program, application, settings, atom, conditional=conditional)


def _rule(
    program: Program, application: Atom | None, settings: Value, atom: Atom, *, conditional: bool
) -> Iterator[Rule]:
    shape = atom.shape
    if isinstance(shape, t.Seq) and shape.items is not None and len(shape.items) > 1:
        pattern, target, options = shape.items[0], shape.items[1], shape.items[2] if len(shape.items) > 2 else ()
    elif isinstance(shape, t.Obj) and shape.name in RULES:
        pattern, target = made_with(atom, "pattern", 0), made_with(atom, "handler", 1) or made_with(atom, "target", 1)
        options = made_with(atom, "kwargs", 2)
    else:
        return
    path = next(iter(texts_of(pattern)), "")
    for found in target:
        if isinstance(found.shape, t.ClassRef) and program.hierarchy.inherits(found.shape.info, HANDLER):
            yield Rule(application, settings, path, found.shape.info, options, conditional)
        elif isinstance(found.shape, t.Seq):
            yield from _rules(program, application, settings, (found,), conditional=conditional)


def _loose(program: Program) -> Iterator[Rule]:
    """Pairs of pattern and handler that an application takes in a way that cannot be seen (plug-ins, registries)."""
    for module in program.modules.values():
        if program.project.is_exempt(module.path):
            continue
        for node in (x for s in module.skeleton.body for x in walk(s)):
            for atom in _pair(program, module, node):
                yield from _rule(program, None, (), atom, conditional=False)
    for info, decorator, scope in class_decorations(program):
        if isinstance(decorator, n.Call) and decorator.args and program.hierarchy.inherits(info, HANDLER):
            for path in list(texts_of(evaluate(scope, decorator.args[0])))[:1]:
                yield Rule(None, (), path, info)


def _pair(program: Program, module: Module, node: n.Node) -> Value:
    """``(pattern, Handler)``, ``url(pattern, Handler)``, or any other call that is given both."""
    if isinstance(node, n.Sequence) and node.kind == "tuple" and len(node.items) > 1 and _names_a_class(node.items[1]):
        return evaluate(scope_in(program, module, None), node)
    if not isinstance(node, n.Call) or len(node.args) < 2 or not _names_a_class(node.args[1]):
        return ()
    given = tuple(evaluate(scope_in(program, module, None), x) for x in node.args[:2])
    return (Atom(t.Seq("tuple", given)),) if next(iter(texts_of(given[0])), "") else ()


def _names_a_class(node: n.Expr) -> bool:
    name = node.attr if isinstance(node, n.Attribute) else node.id if isinstance(node, n.Name) else ""
    return name[:1].isupper()


# Handlers -----------------------------------------------------------------------------------------------------------


class Handling:
    """One handler class behind one rule: what an instance of it knows, and what runs before its methods."""

    def __init__(self, program: Program, rule: Rule) -> None:
        self.program = program
        self.rule = rule
        self.info = rule.handler

    def endpoints(self) -> Iterator[EntryPoint]:
        if self.program.hierarchy.inherits(self.info, WEBSOCKET):
            function = self._method("on_message") or self._method("open")
            if function is not None:
                yield self._endpoint(function, "websocket", "GET", function.name)
            return
        for verb in VERBS:
            function = self._method(verb)
            if function is not None:
                yield self._endpoint(function, "http", verb.upper(), verb)

    def _method(self, name: str) -> Function | None:
        owner, value = self.program.hierarchy.class_attribute(self.info, name)
        return handler_behind(value) if owner is not None else None

    def _endpoint(self, function: Function, kind: str, method: str, name: str) -> EntryPoint:
        instance = self._instance(method)
        call = self._calling(instance, name, function)
        place = str(identity(self.rule.application)) if self.rule.application is not None else "handlers"
        mount = Mount(
            _readable(self.rule.path), tuple(self._steps(instance, kind, name)), place, self.rule.conditional, call
        )
        methods = (method,) if kind == "http" else ("WEBSOCKET",)
        group = self.info.module.path
        return EntryPoint(self.program, kind, "tornado", function, call, methods, (mount,), group)  # type: ignore[arg-type]

    # The instance

    def _instance(self, method: str) -> t.Inst:
        """A handler as the application makes it: request, application, settings, and what ``initialize`` stores."""
        path = _template(self.rule.path)
        known = {".request": request("tornado.httputil.HTTPServerRequest", method, path, **_uri(path))}
        if self.rule.application is not None:
            known[".application"] = (self.rule.application,)
        if self.rule.settings:
            known[".settings"] = self.rule.settings
        shape = t.Inst(self.info, (), tuple(sorted(known.items())))
        for name, value in self._initialized(shape).items():
            known.setdefault(f".{name}", value)
        if current := self._current_user(t.Inst(self.info, (), tuple(sorted(known.items())))):
            known[".current_user"] = current
        return t.Inst(self.info, (), tuple(sorted(known.items())))

    def _initialized(self, shape: t.Inst) -> dict[str, Value]:
        owner, value = self.program.hierarchy.class_attribute(self.info, "initialize")
        if owner is None:
            return {}
        options = dict(next((x.shape.entries for x in self.rule.options if isinstance(x.shape, t.Map)), ()))
        keywords = {k: v for k, v in options.items() if isinstance(k, str)}
        stores: dict[str, Value] = {}
        for atom in value:
            if isinstance(atom.shape, t.Func):
                func = atom.shape._replace(bound=(Atom(shape),))
                stores |= self.program.run(func, (), keywords, generic=not keywords).stores
        return stores

    def _current_user(self, shape: t.Inst) -> Value:
        """What ``get_current_user`` returns, and what ``prepare`` and other methods put in its place."""
        found: list[Value] = []
        owner, value = self.program.hierarchy.class_attribute(self.info, "get_current_user")
        if owner is not None:
            bound = [x.shape._replace(bound=(Atom(shape),)) for x in value if isinstance(x.shape, t.Func)]
            found.extend(self.program.run(func, (), {}).value for func in bound)
        stored = self.program.hierarchy.method_stores(self.info, "current_user")
        if stored:
            found.extend((t.NONE, stored))
        return t.join(*found)

    # Running

    def _steps(self, instance: t.Inst, kind: str, name: str) -> Iterator[Step]:
        before = ["prepare"] if kind == "http" or name != "open" else []
        if kind == "websocket" and name != "open":
            before.append("open")
        for hook in before:
            if self._method(hook) is not None:
                yield self._hook(instance, hook)

    def _hook(self, instance: t.Inst, name: str) -> Step:
        """``prepare`` and ``open``: an answer sent there ends the request."""
        finishing = tuple(Atom(t.Const("str", x)) for x in FINISHING)
        receiver: Value = (
            Atom(
                instance._replace(keywords=tuple(sorted({**dict(instance.keywords), ".finishing": finishing}.items())))
            ),
        )

        def step(a: Activation, rest: Rest) -> Value:
            node = handler_node(a.function)
            call_value(a, self._bound(a, receiver, name, node), (), {}, node)
            return rest(a) if a.state is not None else ()

        return step

    def _calling(self, instance: t.Inst, name: str, function: Function) -> Rest:
        receiver: Value = (Atom(instance),)
        raw = t.obj("str", tags=frozenset({Tag("request", "body" if name == "on_message" else "path")}))
        keywords = self._parts(raw) | {p.name: raw for p in function.params[1:] if p.kind in ("normal", "keyword")}

        def call(a: Activation) -> Value:
            node = handler_node(function)
            return call_value(a, self._bound(a, receiver, name, node), (), keywords, node)

        return call

    def _parts(self, raw: Value) -> dict[str, Value]:
        """What ``*args`` and ``**kwargs`` hold: the pattern's groups, or anything where the whole pattern is not seen."""
        named = NAMED_GROUP.findall(self.rule.path)
        keywords = dict.fromkeys(named, raw)
        if len(GROUP.findall(self.rule.path)) > len(named):
            keywords[SPILL] = raw
        return keywords if self.rule.application is not None else keywords | {OPEN: raw}

    def _bound(self, a: Activation, receiver: Value, name: str, node: n.Expr) -> Value:
        """The method, behind ``@authenticated`` as far as this handler's current user bears it out."""
        current = dict(receiver[0].shape.keywords).get(".current_user", ())  # type: ignore[union-attr]
        return tuple(_as_proven(x, current) for x in attribute(a, receiver, name, node))


def _as_proven(atom: Atom, current: Value) -> Atom:
    """``@authenticated`` proves what a current user that is there proves.

    One whose origin is unknown is believed. Where only some are proven (a setting switches sign-in off), nobody can say.
    """
    shape = atom.shape
    if not isinstance(shape, t.Wrapped):
        return atom
    inner = tuple(_as_proven(x, current) for x in shape.inner)
    there = [x for x in current if t.truthiness(x) is not False]
    if shape.by != AUTHENTICATED or not there or any(isinstance(x.shape, t.Unknown) and not x.tags for x in there):
        return atom._replace(shape=shape._replace(inner=inner))
    guards = t.common_proof(there)
    if not guards and any(x.proof for x in there):
        guards = frozenset(guard._replace(strength="unknown") for guard in shape.guards)
    return atom._replace(shape=shape._replace(inner=inner, guards=guards))


def _template(path: str) -> str:
    """A URL pattern with open parts as ``{}``; empty when it is more than text and groups."""
    text = GROUP.sub("{}", path.removeprefix("^").removesuffix("$"))
    return "" if re.search(r"[\\^$*+?\[\]|()]", text) else text


def _readable(path: str) -> str:
    return path.removeprefix("^").removesuffix("$")


def _uri(path: str) -> dict[str, Value]:
    return {"uri": t.text_like(f"{path}{{}}")} if path else {}
