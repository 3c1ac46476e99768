"""What exists in development only."""

from __future__ import annotations

from threadly_lint.program.effects import Frame
from threadly_lint.skeleton import nodes as n

WORDS = frozenset({"debug", "dev", "develop", "development", "testing", "test", "local"})


def only_in_development(frame: Frame | None) -> bool:
    """Whether a point stands in a branch that is taken in development only (``if debug:``, ``if settings.DEBUG:``)."""
    if frame is None:
        return False
    return any(
        f.kind == "branch" and isinstance(f.node, n.If) and in_development(f.node.test, f.side) for f in frame.chain()
    )


def in_development(test: n.Expr, side: int) -> bool:
    """Whether this side of a test (1 true, 2 false) is taken in development only."""
    if isinstance(test, n.UnaryOp) and test.op == "not":
        return in_development(test.operand, 3 - side)
    if isinstance(test, n.Compare) and test.ops == ("in",):
        return in_development(test.comparators[0], side)
    if isinstance(test, n.Call) and isinstance(test.func, n.Attribute) and test.func.attr == "get" and not test.args:
        return in_development(test.func.value, side)
    name = test.attr if isinstance(test, n.Attribute) else test.id if isinstance(test, n.Name) else ""
    return side == 1 and any(word in WORDS or word.startswith("debug") for word in name.lower().split("_"))
