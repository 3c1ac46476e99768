"""Annotations: the values that something declared with a type may have."""

from __future__ import annotations

from functools import lru_cache

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import constant, walk

TRANSPARENT = frozenset(
    """Annotated Required NotRequired Final ClassVar ReadOnly Awaitable Coroutine Optional Union InitVar Mapped FromDishka
    Injected""".split()
)
SEQUENCES = frozenset(
    """list List set Set frozenset FrozenSet Sequence MutableSequence Iterable Iterator Collection AsyncIterator
    AsyncIterable Generator AsyncGenerator deque""".split()
)
MAPPINGS = frozenset("dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict".split())
UNTYPED = frozenset({"typing.Any", "object", "typing.TypeVar"})


def annotated(a: Activation, expr: n.Expr) -> Value:
    """What a value declared as ``expr`` may be."""
    if isinstance(expr, n.Constant):
        if expr.kind == "None":
            return t.NONE
        parsed = _parsed(expr.value) if expr.kind == "str" else None
        return annotated(a, parsed) if parsed is not None else t.ANYTHING
    if isinstance(expr, n.BinOp):
        return t.join(annotated(a, expr.left), annotated(a, expr.right))
    if isinstance(expr, n.Subscript):
        return _generic(a, expr)
    return _instances(a, _resolve(a, expr))


def declares_anything(a: Activation, expr: n.Expr) -> bool:
    """Whether an annotation says ``Any`` or ``object`` somewhere, so that a value of it may be whatever was sent."""
    return any(
        isinstance(atom.shape, t.Lib) and atom.shape.name in UNTYPED
        for part in walk(expr)
        if isinstance(part, n.Name | n.Attribute)
        for atom in _resolve(a, part)
    )


def _resolve(a: Activation, expr: n.Expr) -> Value:
    from threadly_lint.program.interpreter.expressions import evaluate

    if isinstance(expr, n.Name | n.Attribute):
        a.revive()
        return evaluate(a, expr)
    return ()


def _instances(a: Activation, value: Value) -> Value:
    found: list[Value] = []
    for atom in value:
        shape = atom.shape
        if isinstance(shape, t.ClassRef):
            found.append((Atom(t.Inst(shape.info)),))
        elif isinstance(shape, t.Obj) and shape.name == "typing.Annotated":
            found.append(_instances(a, shape.elem))
        elif isinstance(shape, t.Lib):
            found.append(t.ANYTHING if shape.name in UNTYPED else t.obj(shape.name))
        elif t.is_none(atom):
            found.append(t.NONE)
        elif isinstance(shape, t.LibMethod):
            found.append(t.obj(shape.owner))
        else:
            found.append(t.ANYTHING)
    return t.join(*found)


def _generic(a: Activation, expr: n.Subscript) -> Value:
    base = _resolve(a, expr.value)
    args = expr.index.items if isinstance(expr.index, n.Sequence) else (expr.index,)
    name = next((x.shape.name for x in base if isinstance(x.shape, t.Lib)), "")
    leaf = name.rpartition(".")[2]
    if leaf == "Union":
        return t.join(*(annotated(a, x) for x in args))
    if leaf == "Optional":
        return t.maybe(annotated(a, args[0]))
    if leaf in TRANSPARENT:
        return annotated(a, args[0] if leaf != "Coroutine" else args[-1])
    if leaf in SEQUENCES:
        return (Atom(t.Seq("list", None, annotated(a, args[0]))),)
    if leaf in ("tuple", "Tuple"):
        return _tuple(a, args)
    if leaf in MAPPINGS:
        return (Atom(t.Map((), True)),)
    if leaf in ("type", "Type"):
        return _resolve(a, args[0])
    if leaf == "Literal":
        return t.join(*(t.const(constant(x)) for x in args if isinstance(x, n.Constant))) or t.ANYTHING
    if leaf == "Callable":
        return t.ANYTHING
    if name:
        return t.obj(name, annotated(a, args[0]))
    return _instances(a, base)


def _tuple(a: Activation, args: tuple[n.Expr, ...]) -> Value:
    if len(args) == 2 and isinstance(args[1], n.Constant) and args[1].kind == "...":
        return (Atom(t.Seq("tuple", None, annotated(a, args[0]))),)
    return (Atom(t.Seq("tuple", tuple(annotated(a, x) for x in args))),)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> n.Expr | None:
    """A quoted annotation as an expression; None when it is none."""
    from threadly_lint.skeleton.build import build_skeleton

    skeleton = build_skeleton(f"({text})\n".encode(), "<annotation>")
    statement = skeleton.body[0] if len(skeleton.body) == 1 else None
    return statement.value if isinstance(statement, n.ExprStmt) else None
