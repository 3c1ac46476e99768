"""Django URL configurations: every pattern with its full path and its view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from threadly_lint.program.entry.development import in_development
from threadly_lint.program.entry.paths import join_paths, restricts
from threadly_lint.program.entry.registrations import made_with, scope_in
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.expressions import evaluate
from threadly_lint.program.interpreter.types import Atom, Tag, Value
from threadly_lint.program.interpreter.wrappers import decorate
from threadly_lint.program.symbols.names import Module
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

PATTERNS = frozenset({"django.urls.path", "django.urls.re_path", "django.conf.urls.url"})
INCLUDES = frozenset({"django.urls.include", "django.conf.urls.include"})
CALLABLE = (t.Func, t.Wrapped, t.Partial, t.Inst, t.ClassRef, t.LibMethod)
PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
GROUP = re.compile(r"\(\?P<(?P<name>\w+)>")
CHECKED = frozenset({"int", "uuid", "slug"})
TYPES = {"int": "int", "uuid": "uuid.UUID"}
MAX_DEPTH = 12


@dataclass(frozen=True, eq=False)
class Pattern:
    """One way to a view: path, keyword arguments from it, the view's value, and the route's name with its namespaces."""

    path: str
    view: Value
    arguments: tuple[tuple[str, Value], ...] = ()
    conditional: bool = False
    name: str = ""
    owner: str = ""


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a list of patterns hangs: its prefix and all that came with the includes around it."""

    prefix: tuple[str, ...] = ()
    arguments: tuple[tuple[str, Value], ...] = ()
    conditional: bool = False
    namespaces: tuple[str, ...] = ()
    owner: str = ""
    depth: int = 0
    reading: frozenset[tuple[str, str]] = frozenset()

    def below(self, **changes: object) -> _Place:
        return replace(self, depth=self.depth + 1, **changes)  # type: ignore[arg-type]

    def inside(self, module: Module, name: str) -> _Place:
        """The same place while the list called ``name`` is read: a list that is built on itself counts once."""
        return replace(self, reading=self.reading | {(module.path, name)})


class Urls:
    """Reads URL configurations. ``included`` collects the modules that some ``include`` names."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.included: set[Module] = set()

    def patterns(self, module: Module, owner: str = "") -> Iterator[Pattern]:
        """All patterns below a root URL configuration."""
        yield from self._of_module(module, _Place(owner=owner or module.path))

    def _of_module(self, module: Module, place: _Place) -> Iterator[Pattern]:
        scope = scope_in(self.program, module, None)
        yield from self._statements(scope, "urlpatterns", module.skeleton.body, place)

    def _statements(self, scope: Activation, name: str, body: tuple[n.Stmt, ...], place: _Place) -> Iterator[Pattern]:
        """What the statements of a block put into the list called ``name``."""
        place = place.inside(scope.module, name)
        for statement in body:
            if isinstance(statement, n.If):
                for side, block in ((1, statement.body), (2, statement.orelse)):
                    is_conditional = place.conditional or in_development(statement.test, side)
                    yield from self._statements(scope, name, block, replace(place, conditional=is_conditional))
            elif isinstance(statement, n.Try | n.With):
                yield from self._statements(scope, name, statement.body, place)
            elif isinstance(statement, n.ImportFrom):
                yield from self._imported(scope, name, statement, place)
            elif (source := _put_into(statement, name)) is not None:
                yield from self._list(scope, source, place)

    def _imported(self, scope: Activation, name: str, statement: n.ImportFrom, place: _Place) -> Iterator[Pattern]:
        for alias in statement.names:
            if (alias.alias or alias.name) == name and place.depth < MAX_DEPTH:
                source = n.ImportFrom(statement.span, statement.module, statement.level, ())
                for module in self._source(scope.module, source):
                    inner = scope_in(self.program, module, None)
                    yield from self._statements(inner, alias.name, module.skeleton.body, place.below())

    def _source(self, module: Module, statement: n.ImportFrom) -> Iterator[Module]:
        source: str | None = statement.module
        if statement.level:
            source = self.program.project.resolve_relative(module.file, statement.level, statement.module)
        for atom in self.program.bindings.import_name(module, source) if source else ():
            if isinstance(atom.shape, t.ModuleRef):
                yield atom.shape.module

    def _list(self, scope: Activation, expr: n.Expr, place: _Place) -> Iterator[Pattern]:
        """Patterns in an expression that is a list of patterns."""
        if place.depth > MAX_DEPTH:
            return
        if isinstance(expr, n.Sequence):
            for item in expr.items:
                yield from self._list(scope, item.value if isinstance(item, n.Starred) else item, place)
        elif isinstance(expr, n.BinOp):
            yield from self._list(scope, expr.left, place)
            yield from self._list(scope, expr.right, place)
        elif isinstance(expr, n.Name) and self._has_bindings(scope, expr.id):
            yield from self._named(scope, expr.id, place)
        elif isinstance(expr, n.Call):
            yield from self._call(scope, expr, place)
        else:
            scope.revive()
            yield from self._value(scope, evaluate(scope, expr), place, expr)

    def _has_bindings(self, scope: Activation, name: str) -> bool:
        return scope.function is scope.module.body and name in scope.module.scope

    def _named(self, scope: Activation, name: str, place: _Place) -> Iterator[Pattern]:
        if (scope.module.path, name) not in place.reading:
            yield from self._statements(scope, name, scope.module.skeleton.body, place.below())

    def _call(self, scope: Activation, expr: n.Call, place: _Place) -> Iterator[Pattern]:
        scope.revive()
        shapes = [x.shape for x in evaluate(scope, expr.func)]
        names = {s.name for s in shapes if isinstance(s, t.Lib)}
        if names & PATTERNS:
            yield from self._pattern(scope, expr, place)
        elif names and not names & INCLUDES:
            for argument in expr.args:
                yield from self._list(scope, argument, place.below())
        else:
            scope.revive()
            yield from self._value(scope, evaluate(scope, expr), place, expr)

    def _pattern(self, scope: Activation, expr: n.Call, place: _Place) -> Iterator[Pattern]:
        """``path(route, view)``, where the view may be an ``include``."""
        given = dict(zip(("route", "view", "kwargs", "name"), expr.args, strict=False))
        given |= {k.name: k.value for k in expr.keywords if k.name is not None}
        view = given.get("view")
        if view is None:
            return
        scope.revive()
        values = {k: evaluate(scope, v) for k, v in given.items() if k != "view"}
        below = self._below(place, values)
        if isinstance(view, n.Call) and self._is_include(scope, view):
            yield from self._include(scope, view, below)
        elif isinstance(view, n.Sequence) and view.items:
            yield from self._list(scope, view.items[0], below.below())
        else:
            yield self._leaf(view_value(scope, view), values, below)

    def _below(self, place: _Place, values: dict[str, Value]) -> _Place:
        route = plain_route(t.shape_text(values.get("route", ())) or "")
        more = parameters(route)
        extra = [i for x in values.get("kwargs", ()) if isinstance(x.shape, t.Map) for i in x.shape.entries]
        arguments = (*place.arguments, *more, *((str(k), v) for k, v in extra))
        return replace(place, prefix=(*place.prefix, route), arguments=arguments)

    def _leaf(self, view: Value, values: dict[str, Value], place: _Place) -> Pattern:
        name = ":".join((*place.namespaces, t.text_of(values.get("name", ())) or ""))
        return Pattern(joined(place.prefix), view, place.arguments, place.conditional, name, place.owner)

    def _is_include(self, scope: Activation, expr: n.Call) -> bool:
        scope.revive()
        return any(isinstance(x.shape, t.Lib) and x.shape.name in INCLUDES for x in evaluate(scope, expr.func))

    def _include(self, scope: Activation, expr: n.Call, place: _Place) -> Iterator[Pattern]:
        if not expr.args or place.depth > MAX_DEPTH:
            return
        given = expr.args[0]
        if isinstance(given, n.Sequence) and given.kind == "tuple" and given.items:
            given = given.items[0]
        scope.revive()
        value = () if isinstance(given, n.Sequence) else evaluate(scope, given)
        named = [k.value for k in expr.keywords if k.name == "namespace" and isinstance(k.value, n.Constant)]
        below = place.below(namespaces=(*place.namespaces, *(x.value for x in named)))
        modules = list(self._included_modules(scope, value))
        for module in modules:
            self.included.add(module)
            yield from self._of_module(module, below if named else self._in_app(module, below))
        if not modules:
            yield from self._list(scope, given, below)

    def _included_modules(self, scope: Activation, value: Value) -> Iterator[Module]:
        for atom in value:
            text = t.text_of((atom,))
            found = self.program.bindings.import_name(scope.module, text) if text else (atom,)
            yield from (x.shape.module for x in found if isinstance(x.shape, t.ModuleRef))

    def _in_app(self, module: Module, place: _Place) -> _Place:
        name = (
            t.text_of(self.program.bindings.module_attribute(module, "app_name"))
            if "app_name" in module.scope
            else None
        )
        return replace(place, namespaces=(*place.namespaces, name)) if name else place

    def _value(self, scope: Activation, value: Value, place: _Place, expr: n.Expr) -> Iterator[Pattern]:
        """Patterns in a value that code made: lists of made patterns, ``router.urls``, the patterns of a module."""
        for atom in value:
            shape = atom.shape
            if isinstance(shape, t.Seq):
                for item in shape.items if shape.items is not None else (shape.elem,):
                    yield from self._value(scope, item, place.below(), expr)
            elif isinstance(shape, t.Obj) and shape.name in PATTERNS and shape.made is not None:
                yield from self._made(scope, atom, shape.made, place, expr)
            elif isinstance(shape, t.LibMethod) and shape.name in ("urls", "get_urls"):
                yield Pattern(joined(place.prefix), (atom,), place.arguments, place.conditional, "", place.owner)
            elif isinstance(shape, t.Obj) and shape.name in INCLUDES and shape.made is not None and shape.made.args:
                yield from self._included_value(scope, shape.made.args[0], place, expr)

    def _made(self, scope: Activation, atom: Atom, made: t.Site, place: _Place, expr: n.Expr) -> Iterator[Pattern]:
        """A pattern that a function of the project returned."""
        values = {k: made_with(atom, k, i) for i, k in enumerate(("route", "view", "kwargs", "name"))}
        below, view = self._below(place, values), values.pop("view")
        if any(isinstance(x.shape, t.Seq) or (isinstance(x.shape, t.Obj) and x.shape.name in INCLUDES) for x in view):
            yield from self._value(scope, view, below.below(), expr)
        elif any(isinstance(x.shape, CALLABLE) for x in view):
            yield self._leaf(view, values, below)
        else:
            inner = scope_in(self.program, made.module, None)
            source = next((k.value for k in made.call.keywords if k.name == "view"), None)
            source = source or (made.call.args[1] if len(made.call.args) > 1 else None)
            if source is not None:
                yield self._leaf(view_value(inner, source) or view, values, below)

    def _included_value(self, scope: Activation, value: Value, place: _Place, expr: n.Expr) -> Iterator[Pattern]:
        modules = list(self._included_modules(scope, value))
        for module in modules:
            self.included.add(module)
            yield from self._of_module(module, self._in_app(module, place.below()))
        if not modules and place.depth < MAX_DEPTH:
            yield from self._value(scope, value, place.below(), expr)


def _put_into(statement: n.Stmt, name: str) -> n.Expr | None:
    """The list that a statement assigns or adds to ``name``."""
    match statement:
        case n.Assign(targets=targets, value=value) if any(_is(x, name) for x in targets):
            return value
        case n.AugAssign(target=target, value=value) if _is(target, name):
            return value
        case n.ExprStmt(value=n.Call(func=n.Attribute(value=target, attr="append" | "extend" | "insert"), args=args)):
            return args[-1] if _is(target, name) and args else None
    return None


def _is(expr: n.Expr, name: str) -> bool:
    return isinstance(expr, n.Name) and expr.id == name


def view_value(scope: Activation, expr: n.Expr) -> Value:
    """A view as the pattern gives it, behind decorators that are put around it right there."""
    scope.revive()
    value = evaluate(scope, expr)
    if any(isinstance(x.shape, CALLABLE) for x in value) or not isinstance(expr, n.Call) or not expr.args:
        return value
    inner = view_value(scope, expr.args[0])
    if not any(isinstance(x.shape, t.Func | t.Wrapped) for x in inner):
        return value
    scope.revive()
    return decorate(scope, expr.func, inner)


def plain_route(route: str) -> str:
    """A route without what only regular expressions have: anchors, groups, escapes."""
    if not route.startswith("^") and "(?P" not in route and not route.endswith("$"):
        return route
    text = route.removeprefix("^").removesuffix("$").removesuffix("\\Z")
    return _without_groups(text).replace("\\", "").replace("/?", "/")


def _without_groups(text: str) -> str:
    """``(?P<name>...)`` becomes ``<name>`` (``<slug:name>`` where its pattern is strict), other groups ``<>``."""
    found, depth, start = [], 0, 0
    for position, char in enumerate(text):
        escaped = position > 0 and text[position - 1] == "\\"
        if char == "(" and not escaped:
            if not depth:
                named = GROUP.match(text, position)
                start = named.end() if named else len(text)
                found.append(f"<{named['name']}>" if named else "" if text.startswith("(?:", position) else "<>")
            depth += 1
        elif char == ")" and not escaped:
            depth -= 1
            if not depth and restricts(text[start:position]):
                found[-1] = found[-1].replace("<", "<slug:", 1)
        elif not depth:
            found.append(char)
    return "".join(found)


def parameters(route: str) -> list[tuple[str, Value]]:
    """Keyword arguments that a route hands to its view; converters that check make them typed."""
    found = []
    for match in PARAMETER.finditer(route):
        converter = match["converter"] or ""
        source = "typed" if converter in CHECKED else "path"
        found.append((match["name"], t.obj(TYPES.get(converter, "str"), tags=frozenset({Tag("request", source)}))))
    return found


def joined(parts: tuple[str, ...]) -> str:
    """The full path of nested routes."""
    text = "".join(parts)
    return join_paths(text) if text.strip("/") else "/"
