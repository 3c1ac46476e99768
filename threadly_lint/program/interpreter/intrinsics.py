"""Functions that only sketches call (``from threadly import ...``): what cannot be said in Python about library code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, outcome_of
from threadly_lint.program.interpreter.calls import OPEN, SPECIAL, SPILL, call_value
from threadly_lint.program.interpreter.class_decorators import method_decorators
from threadly_lint.program.interpreter.effects import Exit
from threadly_lint.program.interpreter.queries import consume
from threadly_lint.program.interpreter.relations import selected
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.interpreter.wrappers import behind_all
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

Args = tuple[Value, ...]
Keywords = dict[str, Value]


def _instance(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``instance(cls, initkwargs, attribute=value ...)``: an instance with attributes that a framework sets."""
    given = {
        k: v for atom in args[1] if isinstance(atom.shape, t.Map) for k, v in atom.shape.entries if isinstance(k, str)
    }
    fixed = tuple((f".{k}", v) for k, v in {**given, **keywords}.items() if k not in (OPEN, SPILL))
    found = [_made(x.shape, fixed) for x in args[0]]
    return t.join(*found) or t.ANYTHING


def _made(shape: t.Shape, fixed: tuple[tuple[str, Value], ...]) -> Value:
    if isinstance(shape, t.ClassRef):
        return (Atom(t.Inst(shape.info, (), fixed)),)
    known = tuple(sorted((k[1:], v) for k, v in fixed if v))
    return (Atom(t.Obj(shape.name, (), None, known)),) if isinstance(shape, t.Lib) else ()


def _row(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``row(model)``: some row of a model, or one that a query selects."""
    return t.join(*(_row_of(a, atom) for atom in args[0]))


def _row_of(a: Activation, atom: Atom) -> Value:
    if isinstance(atom.shape, t.ClassRef):
        return a.program.libraries.instances((atom,))
    return atom.shape.elem if isinstance(atom.shape, t.Obj) else selected(a.program, atom)


def _behind(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``behind(decorator, function)``: the function behind one decorator or behind a list of them."""
    return behind_all(a, args[0], args[1], expr)


def _handle(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``handle(self, method, ...)``: call the method that answers the request.

    Where it is inherited from a library, the project's class stands in for it as the handler.
    """
    receiver, method, *rest = args
    infos = [x.shape.info for x in receiver if isinstance(x.shape, t.Inst)]
    if not infos or not method or not all(_is_sketched(x) for x in method):
        return call_value(a, method, tuple(rest), keywords, expr)
    inner = Activation(a.program, stand_in(a.program, infos[0]), {})
    inner.patient = True
    value = call_value(inner, method, tuple(rest), keywords, n.Name(infos[0].node.name_span, infos[0].name))
    if inner.state is not None:
        inner.leave(Exit("return", value, inner.state.auth, a.program.behaviour.status_of(value), infos[0].node))
    outcome = outcome_of(inner, is_generator_object=False)
    a.inline(outcome, expr, infos[0].qualname)
    if not outcome.returns:
        a.die()
        return ()
    return outcome.value


def _is_sketched(atom: Atom) -> bool:
    """Whether only library code stands behind a callable."""
    shape = atom.shape
    if not isinstance(shape, t.Func) or not shape.info.module.is_sketch:
        return False
    return all(_is_sketched(x) for _, v in shape.captured for x in v if isinstance(x.shape, t.Func | t.Wrapped))


def stand_in(program: Program, info: Class) -> Function:
    """A function in the place of a class whose handlers are inherited."""
    key = ("stand-in", info)
    if key not in program.memo:
        node = info.node
        parameters = n.Parameters(n.NOWHERE, ())
        body = n.Function(node.span, node.name, node.name_span, parameters, (), node.decorators, None, False, False)
        program.memo[key] = Function(info.module, body, None, info.parent if isinstance(info.parent, Class) else None)
    found: Function = program.memo[key]
    return found


def _marked(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``marked(view, name)``: whether that decorator stands around a view, or around the ``dispatch`` of its class."""
    name = t.text_of(args[1]) or ""
    return t.const(is_marked(args[0], name) or any(_dispatch_is_marked(a, info, name) for info in _classes(args[0])))


def _listed(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``listed(name)``: the texts of a list setting."""
    from threadly_lint.program.entry.django_settings import all_settings

    name = t.text_of(args[0]) or ""
    texts = dict.fromkeys(text for _, settings in all_settings(a.program) for text in settings.texts(name))
    return (Atom(t.Seq("list", tuple(map(t.const, texts)))),)


def _classes(view: Value) -> list[Class]:
    """The classes that a view was made from."""
    captured = [v for x in view if isinstance(x.shape, t.Func) for _, v in x.shape.captured]
    return [x.shape.info for v in captured for x in v if isinstance(x.shape, t.ClassRef)]


def _dispatch_is_marked(a: Activation, info: Class, name: str) -> bool:
    line = [base for base in a.program.hierarchy.mro(info) if isinstance(base, Class)]
    around = [v for base in line for v in method_decorators(a.program, base).get("dispatch", [])]
    return any(isinstance(x.shape, t.Func) and x.shape.info.qualname == name for v in around for x in v)


def is_marked(view: Value, decorator: str, depth: int = 8) -> bool:
    """Whether a library decorator of that name stands somewhere around a view."""
    for atom in view if depth else ():
        shape = atom.shape
        if isinstance(shape, t.Wrapped):
            if shape.by.rpartition(".")[2] == decorator or is_marked(shape.inner, decorator, depth - 1):
                return True
        elif isinstance(shape, t.Func):
            is_it = shape.info.module.is_sketch and shape.info.qualname.startswith(f"{decorator}.")
            if is_it or any(is_marked(v, decorator, depth - 1) for _, v in shape.captured):
                return True
    return False


def _consumed(a: Activation, expr: n.Call, args: Args, keywords: Keywords) -> Value:
    """``consumed(query)``: its rows are read here."""
    consume(a, args[0], expr)
    return args[0]


SPECIAL.update(
    {
        "threadly.consumed": _consumed,
        "threadly.listed": _listed,
        "threadly.marked": _marked,
        "threadly.instance": _instance,
        "threadly.row": _row,
        "threadly.behind": _behind,
        "threadly.handle": _handle,
    }
)
