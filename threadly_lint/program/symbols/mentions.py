"""Where a module mentions names, and when these places are looked at."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from threadly_lint.skeleton.import_statements import branch_kinds
from threadly_lint.skeleton.nodes import (
    Assign,
    AugAssign,
    Class,
    Constant,
    Expr,
    ExprStmt,
    Function,
    If,
    Name,
    Node,
    Stmt,
)
from threadly_lint.skeleton.walk import children, walk

Moment = Literal["load", "function", "annotation", "local annotation"]
"""Annotations of local variables are never evaluated, others when their definition runs or something reads them."""

_WORD = re.compile(r"[^\W\d]\w*")


class Mention(Struct, frozen=True, eq=False):
    """One place that mentions a name. ``holder`` is the definition whose annotation it is (None: a module variable),
    ``owner`` the class around that definition; ``is_quoted`` when the name is inside of a string."""

    moment: Moment
    holder: Function | Class | None = None
    owner: Class | None = None
    is_quoted: bool = False


def mentions_in(body: tuple[Stmt, ...]) -> dict[str, list[Mention]]:
    """All mentions of each name below a module's body. What only type checkers run is left out, shadowing is ignored,
    and a name in ``__all__`` counts as needed at load time."""
    finder = _Finder()
    for statement in body:
        finder.visit(statement, Mention("load"))
    return dict(finder.found)


class _Finder:
    def __init__(self) -> None:
        self.found: defaultdict[str, list[Mention]] = defaultdict(list)

    def visit(self, node: Node, here: Mention) -> None:
        """Collect what ``node`` mentions; ``here`` is the moment at which it runs and the class body it is in."""
        if isinstance(node, Name):
            self.found[node.id].append(here)
        elif isinstance(node, Function):
            self._function(node, here)
        elif isinstance(node, Class):
            self._class(node, here)
        elif isinstance(node, Assign):
            self._assignment(node, here)
        elif isinstance(node, If):
            self._if(node, here)
        else:
            if isinstance(node, AugAssign | ExprStmt) and _is_about_exports(node):
                self._words(node, here)
            self._all(children(node), here)

    def _all(self, nodes: list[Node] | tuple[Node, ...], here: Mention) -> None:
        for node in nodes:
            self.visit(node, here)

    def _function(self, node: Function, here: Mention) -> None:
        self._all(node.decorators, here)
        for parameter in node.params.items:
            if parameter.default is not None:
                self.visit(parameter.default, here)
            self._annotation(parameter.annotation, Mention("annotation", node, here.owner))
        self._annotation(node.returns, Mention("annotation", node, here.owner))
        self._all(node.body, Mention("function"))

    def _class(self, node: Class, here: Mention) -> None:
        self._all((*node.decorators, *node.bases, *node.keywords), here)
        self._all(node.body, Mention(here.moment, None, node))

    def _assignment(self, node: Assign, here: Mention) -> None:
        is_local = here.moment == "function" and here.owner is None
        self._annotation(node.annotation, Mention("local annotation" if is_local else "annotation", here.owner))
        self._all(node.targets, here)
        if node.value is None:
            return
        self.visit(node.value, here)
        if _is_about_exports(node):
            self._words(node.value, here)

    def _if(self, node: If, here: Mention) -> None:
        self.visit(node.test, here)
        for block, kind in zip((node.body, node.orelse), branch_kinds(node.test), strict=True):
            if kind != "type-checking":
                self._all(block, here)

    def _annotation(self, annotation: Expr | None, here: Mention) -> None:
        if annotation is not None:
            self.visit(annotation, here)
            self._words(annotation, here)

    def _words(self, node: Node, here: Mention) -> None:
        """Names inside of strings."""
        for inner in walk(node):
            if isinstance(inner, Constant) and inner.kind == "str":
                for word in _WORD.findall(inner.value):
                    self.found[word].append(replace(here, is_quoted=True))


def _is_about_exports(node: Assign | AugAssign | ExprStmt) -> bool:
    """Whether the statement sets or extends ``__all__``."""
    return any(isinstance(inner, Name) and inner.id == "__all__" for inner in walk(node))
