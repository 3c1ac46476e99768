"""What exists in development only."""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.program.interpreter.effects import Frame
from threadly_lint.program.symbols.names import Module, Place
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

WORDS = frozenset({"debug", "dev", "develop", "development", "testing", "test", "local"})
PRODUCTION = frozenset({"live", "prod", "production"})


def only_in_development(frame: Frame | None) -> bool:
    """Whether a point stands in a branch that is taken in development only (``if debug:``, ``if settings.DEBUG:``)."""
    if frame is None:
        return False
    return any(
        f.kind == "branch" and isinstance(f.node, n.If) and in_development(f.node.test, f.side) for f in frame.chain()
    )


def stands_in_development(module: Module, node: n.Node) -> bool:
    """Whether a node of the module stands in a block that is run in development only."""
    if module._development is None:
        module._development = tuple(_blocks(module))
    return any(first <= node.span[:2] <= last for first, last in module._development)


def _blocks(module: Module) -> Iterator[tuple[Place, Place]]:
    """Where blocks of a module that are run in development only begin and end."""
    for test in walk(*module.skeleton.body):
        if not isinstance(test, n.If):
            continue
        for side, body in ((1, test.body), (2, test.orelse)):
            if body and in_development(test.test, side):
                yield body[0].span[:2], body[-1].span[2:]


def in_development(test: n.Expr, side: int) -> bool:
    """Whether this side of a test (1 true, 2 false) is taken in development only."""
    if isinstance(test, n.UnaryOp) and test.op == "not":
        return in_development(test.operand, 3 - side)
    if isinstance(test, n.Compare) and test.ops == ("in",):
        return in_development(test.comparators[0], side)
    if isinstance(test, n.Compare) and test.ops in (("==",), ("!=",)):
        return _is_named(test.comparators[0], side if test.ops == ("==",) else 3 - side)
    if isinstance(test, n.Call) and isinstance(test.func, n.Attribute) and test.func.attr == "get" and not test.args:
        return in_development(test.func.value, side)
    name = test.attr if isinstance(test, n.Attribute) else test.id if isinstance(test, n.Name) else ""
    return side == 1 and any(word in WORDS or word.startswith("debug") for word in name.lower().split("_"))


def _is_named(environment: n.Expr, side: int) -> bool:
    """Whether the side on which an environment is this one (``ENV == "development"``), or is not, is development only."""
    if not isinstance(environment, n.Constant) or not isinstance(environment.value, str):
        return False
    return environment.value.lower() in (WORDS if side == 1 else PRODUCTION)
