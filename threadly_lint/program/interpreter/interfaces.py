"""Interfaces: methods that a class only declares, and the classes of the project that say what they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threadly_lint.program.symbols.names import Class
from threadly_lint.skeleton import nodes as n

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

PROTOCOLS = ("typing.Protocol", "typing_extensions.Protocol")
DECLARED = frozenset({"abstractmethod", "abstractproperty"})
OPEN = "NotImplementedError"
MOST = 3
Implementations = tuple[Class, ...]


def implementations(program: Program, info: Class, name: str) -> Implementations | None:
    """Classes that have a method which ``info`` only declares; None where it is defined, nothing where too many have it."""
    known: dict[tuple[Class, str], Implementations | None] = program.memo.setdefault("implementations", {})
    key = (info, name)
    if key not in known:
        known[key] = None
        owner = _owner(program, info, name)
        if owner is not None and not owner.module.is_sketch and _is_declared(program, owner, name):
            found = {behind: c for c in reversed(list(_below(program, info))) if (behind := _behind(program, c, name))}
            known[key] = tuple(found.values()) if len(found) <= MOST else ()
    return known[key]


def only_annotated(program: Program, info: Class, name: str) -> bool:
    """Whether classes give an attribute a type and no value: its methods may have more to say (``repository: Repository``)."""
    owner = _owner(program, info, name)
    if owner is None or program.models.is_model(info):
        return False
    return all(isinstance(b.node, n.Assign) and b.node.value is None for b in owner.scope[name])


def _owner(program: Program, info: Class, name: str) -> Class | None:
    return next((c for c in program.hierarchy.mro(info) if isinstance(c, Class) and name in c.scope), None)


def _behind(program: Program, info: Class, name: str) -> Class | None:
    """The class whose definition of the method an instance has, if it is more than a declaration."""
    owner = _owner(program, info, name)
    return owner if owner is not None and not _is_declared(program, owner, name) else None


def _below(program: Program, info: Class) -> Iterator[Class]:
    """The classes that inherit from an interface, or that have all its methods where it is a protocol."""
    asked = {name for name in info.scope if not name.startswith("__")} if _is_protocol(program, info) else None
    for other in program.classes:
        if other is info or program.project.is_exempt(other.module.path):
            continue
        if info in program.hierarchy.mro(other) or (
            asked and not _is_protocol(program, other) and _has(program, other, asked)
        ):
            yield other


def _has(program: Program, info: Class, asked: set[str]) -> bool:
    return asked <= {
        name for c in program.hierarchy.mro(info) if isinstance(c, Class) for name in (*c.scope, *c.names_stored)
    }


def _is_protocol(program: Program, info: Class) -> bool:
    return any(name in PROTOCOLS for name in program.hierarchy.library_bases(info))


def _is_declared(program: Program, owner: Class, name: str) -> bool:
    """Whether the class leaves a method to others: marked as abstract, only raising, or a protocol's without a body."""
    nodes = [binding.node for binding in owner.scope[name]]
    return bool(nodes) and all(isinstance(x, n.Function) and _is_open(program, owner, x) for x in nodes)


def _is_open(program: Program, owner: Class, function: n.Function) -> bool:
    names = {d.attr if isinstance(d, n.Attribute) else getattr(d, "id", "") for d in function.decorators}
    body = [s for s in function.body if not (isinstance(s, n.ExprStmt) and isinstance(s.value, n.Constant))]
    only = body[0] if len(body) == 1 else None
    if names & DECLARED or (isinstance(only, n.Raise) and _raised(only) == OPEN):
        return True
    return all(isinstance(s, n.Jump) for s in body) and _is_protocol(program, owner)


def _raised(statement: n.Raise) -> str:
    error = statement.exception.func if isinstance(statement.exception, n.Call) else statement.exception
    return error.id if isinstance(error, n.Name) else ""
