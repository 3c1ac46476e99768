"""A call of `flaw(...)` is reported, in whatever way its first argument asks for.

What: any call of the name `flaw`.
Why: the doors need a rule whose findings are known beforehand.
Instead: call `sound`.
Exempt: everything else.
Limits: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from threadly_lint.program import Program
from threadly_lint.project import Project
from threadly_lint.rule import Rule
from threadly_lint.skeleton.nodes import Call, Constant, Name
from threadly_lint.skeleton.walk import walk
from threadly_lint.values import Finding, Fix, ReplaceExpression, Span, Step

UNHELPFUL = {"vain": "flaw", "worse": "flaw(1)"}

rule = Rule(code="TLY001", pattern="layers", level="error", fix="safe")


class Spot(NamedTuple):
    path: str
    span: Span
    symbol: str


@rule.for_each(Project)
def check(project: Project, program: Program) -> Iterator[Finding]:
    for path, skeleton in program.skeletons.items():
        for node in walk(*skeleton.body):
            if isinstance(node, Call) and isinstance(node.func, Name) and node.func.id == "flaw":
                wishes = [argument.value for argument in node.args if isinstance(argument, Constant)]
                yield _finding(Spot(path, Span(*node.span), "toy"), wishes, Span(*node.func.span))


def _finding(spot: Spot, wishes: list[str], name: Span) -> Finding:
    if "crash" in wishes:
        raise KeyError("asked for")
    safety = next((wish for wish in wishes if wish in ("safe", "unsafe", "suggested")), None)
    new = next((new for wish, new in UNHELPFUL.items() if wish in wishes), "sound")
    return rule.finding(
        spot,
        f"`flaw` is called with {len(wishes)} wishes",
        level=next((wish for wish in wishes if wish in ("warning", "preview")), None),
        confidence=next((wish for wish in wishes if wish in ("medium", "low")), "high"),
        trail=(Step(spot.path, spot.span.line, "calls `flaw`"),) if "trail" in wishes else (),
        fix=Fix(safety, "Call `sound`", spot.path, (ReplaceExpression(name, new),)) if safety else None,
    )
