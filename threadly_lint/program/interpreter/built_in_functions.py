"""Built-in functions, and those of libraries that are like them, whose calls mean something of their own."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import OPEN, SPECIAL, SPILL, call_value
from threadly_lint.program.interpreter.checks import (
    converts_with_handling,
    type_test,
)
from threadly_lint.program.interpreter.containers import element
from threadly_lint.program.interpreter.marks import is_markable, mark
from threadly_lint.program.interpreter.queries import consume
from threadly_lint.program.interpreter.request_data import checked_tags, raw_tags
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import dotted

NONE_TYPES = ("types.NoneType", "object")


def _super(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    function = a.function
    while function.owner is None and function.parent is not None:
        function = function.parent
    if function.owner is None:
        return t.ANYTHING
    first = function.params[0].name if function.params else "self"
    return (Atom(t.Super(function.owner, args[1] if len(args) > 1 else a.lookup(first))),)


def _getattr(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    name = t.text_of(args[1]) if len(args) > 1 else None
    if name is None and (names := _fitting(a, args)) is not None:
        found = t.join(*(attribute(a, args[0], each, expr) for each in names[: t.MAX_ATOMS]))
        return t.join(found, *args[2:3]) or t.ANYTHING
    if name is None:
        return t.unknown(frozenset().union(*(t.tags_of(v) for v in args)))
    found = t.join(*(_attribute_if_known(a, x, name, expr) for x in args[0]))
    if len(args) < 3:
        return found or t.ANYTHING
    known = found and all(isinstance(x.shape, t.Inst) or mark(a.program, (x,), name) for x in args[0])
    return found if known else t.join(args[2], found)


def _fitting(a: Activation, args: tuple[Value, ...]) -> list[str] | None:
    """Names of an instance that a built one (``f"do_{action}"``) may be; None where nothing is known of either."""
    shapes = [x.shape for x in args[0]] if len(args) > 1 else []
    if not shapes or not all((t.shape_text((x,)) or "").strip("{}_") for x in args[1]):
        return None
    if not all(isinstance(s, t.Inst) and a.program.hierarchy.closed(s.info) for s in shapes):
        return None
    infos = [s.info for s in shapes if isinstance(s, t.Inst)]
    members = dict.fromkeys(
        x for info in infos for c in a.program.hierarchy.mro(info) if isinstance(c, Class) for x in c.scope
    )
    return [x for x in members if any(t.may_equal(each, x) for each in args[1])]


def _attribute_if_known(a: Activation, atom: Atom, name: str, node: n.Expr) -> Value:
    """``getattr`` with a default: an instance whose class knows no such name has the default."""
    shape = atom.shape
    if is_markable(a.program, (atom,), name):
        return mark(a.program, (atom,), name)
    if (
        isinstance(shape, t.Inst)
        and a.program.hierarchy.closed(shape.info)
        and not a.program.hierarchy.has_attribute(shape, name)
    ):
        return ()
    return attribute(a, (atom,), name, node)


def _partial(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    return (Atom(t.Partial(args[0], args[1:], tuple(keywords.items()))),) if args else t.ANYTHING


def _replaced(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``replace(instance, field=value)``: the same instance but for these fields."""
    changed = {f".{name}": value for name, value in keywords.items() if name not in (OPEN, SPILL)}
    found = tuple(_with_fields(atom, changed) for atom in args[0]) if args else ()
    return found or t.ANYTHING


def _with_fields(atom: Atom, changed: dict[str, Value]) -> Atom:
    shape = atom.shape
    if not isinstance(shape, t.Inst):
        return atom
    return atom._replace(shape=shape._replace(keywords=tuple({**dict(shape.keywords), **changed}.items())))


def _next(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``next(rows)``: one of what iterating gives, or the default."""
    consume(a, args[0] if args else (), expr)
    return t.join(element(a, args[0]), *args[1:2]) if args else t.ANYTHING


def _proxied(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``LocalProxy(function)`` is what the function gives each time."""
    if not any(isinstance(x.shape, t.Func) for v in args[:1] for x in v):
        return t.ANYTHING
    return call_value(Activation(a.program, a.function, {}), args[0], (), {}, expr) or t.ANYTHING


def _same(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    return args[0] if args else t.ANYTHING


def _bool(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    truths = []
    for atom in args[0] if args else ():
        verdict = t.truthiness(atom)
        if verdict is not False:
            truths.append(t.proven(t.tagged(t.TRUE, checked_tags(atom.tags)), atom.proof))
        if verdict is not True:
            known = atom.proof if verdict is False else t.NO_PROOF
            truths.append(t.proven(t.tagged(t.FALSE, checked_tags(atom.tags)), known))
    return t.join(*truths) or (*t.TRUE, *t.FALSE)


def _dict(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    entries: dict[object, Value] = {}
    is_open = OPEN in keywords
    tags: t.Tags = t.NO_TAGS
    for atom in args[0] if args else ():
        tags |= atom.tags
        if isinstance(atom.shape, t.Map):
            entries.update(atom.shape.entries)
            is_open |= atom.shape.open
        else:
            is_open = True
    entries.update({k: v for k, v in keywords.items() if k not in (OPEN, SPILL)})
    return (Atom(t.Map(tuple(entries.items()), is_open), tags | t.tags_of(keywords.get(OPEN, ()))),)


def _list(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    kind = dotted(expr.func) or "list"
    if not args:
        return (Atom(t.Seq(kind, ())),)
    consume(a, args[0], expr, 1)
    only = args[0][0].shape if len(args[0]) == 1 else None
    if isinstance(only, t.Seq):
        return (args[0][0]._replace(shape=only._replace(kind=kind)),)
    return (Atom(t.Seq(kind, None, element(a, args[0])), t.tags_of(args[0])),)


def _convert(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``str(x)``, ``int(x)``: the same data in another form."""
    given = args[0] if args else ()
    rest = [x for x in given if t.truthiness(x) is not False]
    kind = dotted(expr.func) or "str"
    text = t.shape_text(given) if kind == "str" else None
    tags = t.tags_of(given)
    if kind in ("int", "float") and raw_tags(given) and converts_with_handling(a):
        tags = checked_tags(tags)
    return (Atom(t.Obj(kind, (), None, (("text", t.const(text)),) if text else ()), tags, t.common_proof(rest)),)


def _represent(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``repr(x)``, ``format(x)``: a text with the data in it."""
    return t.text_like(None, t.tags_of(args[0]) if args else t.NO_TAGS)


def _traceback(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``traceback.format_exc()``: the text of the exception that is being handled."""
    return t.text_like(None, frozenset({t.Tag("exception", "traceback")}))


def _isinstance(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    about = checked_tags(t.tags_of(args[0])) if args else t.NO_TAGS
    if _is_only_none(args):
        return t.tagged(t.FALSE, about)
    when_true, when_false = _told_by_type(a, args, expr)
    truths = (*t.proven(t.tagged(t.TRUE, about), when_true), *t.proven(t.tagged(t.FALSE, about), when_false))
    return type_test(a, expr, args, truths)


def _is_only_none(args: tuple[Value, ...]) -> bool:
    """Whether ``None``, and nothing else, is asked for its type: it is of none of the known classes."""
    if len(args) < 2 or not args[0] or not all(map(t.is_none, args[0])):
        return False
    return bool(args[1]) and all(
        isinstance(x.shape, t.ClassRef) or (isinstance(x.shape, t.Lib) and x.shape.name not in NONE_TYPES)
        for x in args[1]
    )


def _told_by_type(a: Activation, args: tuple[Value, ...], expr: n.Call) -> tuple[t.Proof, t.Proof]:
    """What it proves that a value is, or is not, of some type: something is there; the user is not the anonymous one."""
    if len(args) < 2:
        return t.NO_PROOF, t.NO_PROOF
    names = {x.shape.name for x in args[1] if isinstance(x.shape, t.Lib)}
    if any(a.knowledge.fact(name, "anonymous-user") for name in names) and t.has_tag(args[0], "identity"):
        return t.NO_PROOF, frozenset({a.guard("not anonymous", expr)})
    return t.common_proof(x for x in args[0] if not t.is_none(x)), t.NO_PROOF


def _hasattr(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    name = t.text_of(args[1]) if len(args) > 1 else None
    if name and is_markable(a.program, args[0], name):
        return t.TRUE if all(mark(a.program, (x,), name) for x in args[0]) else t.FALSE
    if (names := _fitting(a, args)) is not None:
        text = t.text_of(args[1])
        known = [
            a.program.hierarchy.has_attribute(x.shape, text) for x in args[0] if isinstance(x.shape, t.Inst) and text
        ]
        if not names and not any(known):
            return t.FALSE
    return t.tagged((*t.TRUE, *t.FALSE), checked_tags(t.tags_of(args[0])) if args else t.NO_TAGS)


def _measure(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``len(x)``: tells something of the data, and is none of it."""
    return t.obj("int", tags=checked_tags(t.tags_of(args[0]) if args else t.NO_TAGS))


def _setattr(a: Activation, expr: n.Call, args: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """``setattr(obj, name, value)``: an assignment, to some attribute when the name is not known."""
    if len(args) == 3:
        name = t.text_of(args[1])
        a.program.behaviour.stored(a, args[0], name or "*", t.tagged(args[2], t.tags_of(args[1])), expr)
    return t.NONE


SPECIAL.update(
    {
        "super": _super,
        "getattr": _getattr,
        "functools.partial": _partial,
        "functools.partialmethod": _partial,
        "functools.update_wrapper": _same,
        "werkzeug.local.LocalProxy": _proxied,
        "django.utils.functional.SimpleLazyObject": _proxied,
        "typing.cast": lambda a, e, args, kw: args[1] if len(args) > 1 else t.ANYTHING,
        "attr.evolve": _replaced,
        "attrs.evolve": _replaced,
        "copy.copy": _same,
        "copy.deepcopy": _same,
        "copy.replace": _replaced,
        "dataclasses.replace": _replaced,
        "msgspec.structs.replace": _replaced,
        "bool": _bool,
        "dict": _dict,
        "list": _list,
        "tuple": _list,
        "set": _list,
        "frozenset": _list,
        "sorted": _list,
        "reversed": _list,
        "str": _convert,
        "repr": _represent,
        "format": _represent,
        "traceback.format_exc": _traceback,
        "traceback.format_exception": _traceback,
        "int": _convert,
        "float": _convert,
        "isinstance": _isinstance,
        "len": _measure,
        "next": _next,
        "anext": _next,
        "setattr": _setattr,
        "hasattr": _hasattr,
    }
)
