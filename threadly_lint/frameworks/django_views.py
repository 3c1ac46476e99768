"""Django views: which functions answer a pattern's requests, and how the view is called for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.frameworks.django_requests import request_value
from threadly_lint.program.entry.entry_points import Rest, handler_node
from threadly_lint.program.entry.registrations import texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.intrinsics import stand_in
from threadly_lint.program.interpreter.types import Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.frameworks.django_urls import Pattern
    from threadly_lint.program.program import Program

VERBS = ("get", "post", "put", "patch", "delete")
WRAPPED: tuple[str, ...] = ("func", "view", "method", "function")
METHOD_FILTERS = {"require_GET": ("GET",), "require_POST": ("POST",), "require_safe": ("GET",)}


@dataclass(frozen=True, eq=False)
class Handler:
    """One function (or class with inherited handlers) that answers, for these methods, as ``view`` calls it."""

    function: Function
    view: Value
    methods: tuple[str, ...] = ()
    info: Class | None = None
    framework: str = "django"

    @property
    def request(self) -> Value:
        """The request as the handler gets it: its method is known when there is only one."""
        return request_value(self.methods[0] if len(self.methods) == 1 else "")

    def calling(self, pattern: Pattern) -> Rest:
        """The call of the view for one pattern."""

        def call(a: Activation) -> Value:
            return call_value(a, self.view, (self.request,), dict(pattern.arguments), handler_node(self.function))

        return call


def handlers(program: Program, view: Value) -> Iterator[Handler]:
    """The handlers behind a view's value: a function, or one for each method that a class answers."""
    info = view_class(view)
    if info is not None:
        yield from _class_handlers(program, view, info)
        return
    function = written(view)
    if function is None:
        return
    names = captured(view, "api_view", "names")
    for name in texts_of(names):
        yield Handler(function, view, (name.upper(),), framework="drf")
    if not names:
        yield Handler(function, view, _allowed_methods(program, function))


def captured(view: Value, sketch: str, name: str, depth: int = 8) -> Value:
    """What a sketched function around a view knows under ``name``; empty when it does not stand there."""
    for atom in view if depth else ():
        shape = atom.shape
        if isinstance(shape, t.Func):
            known = dict(shape.captured)
            if shape.info.module.is_sketch and sketch in shape.info.qualname and name in known:
                return known[name]
            inner = list(known.values())
        else:
            inner = [shape.inner] if isinstance(shape, t.Wrapped) else []
        for value in inner:
            if found := captured(value, sketch, name, depth - 1):
                return found
    return ()


def _allowed_methods(program: Program, function: Function) -> tuple[str, ...]:
    """What ``require_POST`` and its siblings leave."""
    for decorator in function.decorators:
        target = decorator.func if isinstance(decorator, n.Call) else decorator
        name = target.attr if isinstance(target, n.Attribute) else target.id if isinstance(target, n.Name) else ""
        if name in METHOD_FILTERS:
            return METHOD_FILTERS[name]
        if name == "require_http_methods" and isinstance(decorator, n.Call) and decorator.args:
            given = decorator.args[0]
            items = given.items if isinstance(given, n.Sequence) else ()
            return tuple(i.value.upper() for i in items if isinstance(i, n.Constant))
    return ()


def view_class(view: Value) -> Class | None:
    """The class behind ``View.as_view()``, whatever was put around it."""
    found = captured(view, "as_view", "cls")
    return next((x.shape.info for x in found if isinstance(x.shape, t.ClassRef)), None)


def _class_handlers(program: Program, view: Value, info: Class) -> Iterator[Handler]:
    framework = "drf" if program.hierarchy.inherits(info, "rest_framework.views.APIView") else "django"
    actions = [x.shape for x in captured(view, "as_view", "actions") if isinstance(x.shape, t.Map)]
    if actions:
        for verb, name in actions[0].entries:
            function = handler_function(program, info, t.text_of(name) or "")
            yield Handler(function, view, (str(verb).upper(),), info, framework)
        return
    verbs = list(answered(program, info))
    for verb in verbs:
        yield Handler(handler_function(program, info, verb), view, (verb.upper(),), info, framework)
    if not verbs:
        owner, value = program.hierarchy.class_attribute(info, "dispatch")
        own = owner is not None and not owner.module.is_sketch
        yield Handler((written(value) if own else None) or stand_in(program, info), view, (), info, framework)


def answered(program: Program, info: Class) -> Iterator[str]:
    """The HTTP methods that a class view has handlers for."""
    allowed = texts_of(program.hierarchy.class_attribute(info, "http_method_names")[1]) or VERBS
    for verb in VERBS:
        if verb in allowed and program.hierarchy.class_attribute(info, verb)[0] is not None:
            yield verb


def handler_function(program: Program, info: Class, name: str) -> Function:
    """The method as the project writes it; where it is inherited from a library, the class stands in for it."""
    return written(program.hierarchy.class_attribute(info, name)[1]) or stand_in(program, info)


def written(value: Value, depth: int = 8) -> Function | None:
    """The function of the project that a view is at heart, behind its decorators."""
    for atom in value if depth else ():
        shape = atom.shape
        if isinstance(shape, t.Wrapped | t.Partial):
            found = written(shape.inner if isinstance(shape, t.Wrapped) else shape.func, depth - 1)
        elif isinstance(shape, t.Func):
            found = _written_behind(shape, depth)
        elif isinstance(shape, t.Inst):
            given = (*shape.args, *(v for _, v in shape.keywords))
            found = next((f for v in given if (f := written(v, depth - 1)) is not None), None)
        else:
            found = None
        if found is not None:
            return found
    return None


def _written_behind(shape: t.Func, depth: int) -> Function | None:
    """What a wrapper wraps: of the functions that it knows, the one that it hands its own arguments on to."""
    captured = dict(shape.captured)
    if shape.info.module.is_sketch:
        names = [k for k in WRAPPED if k in captured]
    else:
        names = [k for k in _passed_on_to(shape.info) if k in captured]
    inner = (f for k in names if (f := written(captured[k], depth - 1)) is not None)
    return next(inner, None if shape.info.module.is_sketch else shape.info)


def _passed_on_to(wrapper: Function) -> list[str]:
    """Names that a function calls with its own ``*args`` or ``**kwargs``."""
    spread = {p.name for p in wrapper.params if p.kind in ("args", "kwargs")}
    found = []
    for node in walk(wrapper.node) if spread else ():
        if isinstance(node, n.Call) and isinstance(node.func, n.Name):
            given = [a.value for a in node.args if isinstance(a, n.Starred)] + [
                k.value for k in node.keywords if k.name is None
            ]
            if any(isinstance(g, n.Name) and g.id in spread for g in given):
                found.append(node.func.id)
    return found
