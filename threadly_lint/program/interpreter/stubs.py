"""Stub modules made from knowledge: what stands in for libraries where Python source is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from keyword import iskeyword

from threadly_lint.knowledge import UNION, Knowledge, TypeExpression

LITERALS = {
    "str": '""',
    "bytes": 'b""',
    "int": "0",
    "float": "0.0",
    "bool": "False",
    "dict": "{}",
    "object": "object()",
}
SEQUENCES = ("list", "set", "tuple", "iterator")


class Stubs:
    """Library modules as Python text, each written when it is asked for. They are analysed, never run."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def text(self, module: str) -> str | None:
        """The stub of a module; None when nothing below that name is known."""
        if module not in self.modules:
            return None
        lines: list[str] = []
        for name in self.modules[module]:
            lines += self._class(module, name)
        lines += self._module_members(module)
        return "\n".join(lines) + "\n"

    @cached_property
    def modules(self) -> Mapping[str, list[str]]:
        """Every module with the names of its classes and of what it exports from elsewhere; packages are modules too."""
        found: dict[str, list[str]] = {}
        for name in (*self._knowledge.names, *self._knowledge.aliases):
            owner, _, leaf = name.rpartition(".")
            if not _is_path(name) or self._knowledge.class_of(owner) is not None:
                continue
            for end in (at for at, sign in enumerate(name) if sign == "."):
                found.setdefault(name[:end], [])
            if self._knowledge.class_of(name) is None:
                found.setdefault(name, [])
            elif owner:
                found[owner].append(leaf)
        return found

    def _class(self, module: str, leaf: str) -> Iterator[str]:
        known = self._knowledge.class_of(f"{module}.{leaf}")
        assert known is not None
        owner, _, name = known.name.rpartition(".")
        if owner != module:
            if owner and _is_path(known.name):
                yield f"from {owner} import {name} as {leaf}"
            return
        yield f"class {leaf}:"
        yield "    def __init__(self, *args, **kwargs): pass"
        for member, held in known.attrs.items():
            if not member.startswith("__"):
                yield "    @property"
                yield from _function(member, "self", held, "    ")
        for member, returned in known.returns.items():
            yield from _function(member, "self, *args, **kwargs", returned, "    ")

    def _module_members(self, module: str) -> Iterator[str]:
        returns, attrs = self._knowledge.members(module)
        for member, returned in returns.items():
            yield from _function(member, "*args, **kwargs", returned, "")
        for member, held in attrs.items():
            yield from _function(f"_make_{member}", "", held, "")
            yield f"{member} = _make_{member}()"


def _is_path(dotted: str) -> bool:
    """Whether the name can be imported (pseudo classes such as ``boto3.client('s3')`` cannot)."""
    return all(part.isidentifier() and not iskeyword(part) for part in dotted.split("."))


def _function(name: str, parameters: str, returned: TypeExpression, indent: str) -> Iterator[str]:
    if not _is_path(name):
        return
    yield f"{indent}def {name}({parameters}):"
    alternatives = returned.args if returned.name == UNION else (returned,)
    lines = [line for one in alternatives for line in _return(one)]
    for line in lines or ["return unknown"]:
        yield f"{indent}    {line}"


def _return(expr: TypeExpression) -> Iterator[str]:
    """Statements that return such a value; none when Python has no word for it."""
    if expr.name == "$self":
        yield "return self"
    elif expr.name in LITERALS:
        yield f"return {LITERALS[expr.name]}"
    elif expr.name in SEQUENCES and expr.args:
        *imports, last = (*_return(expr.args[0]), "")
        yield from (*imports, f"return [{last.removeprefix('return ')}]")
    elif "." in expr.name and _is_path(expr.name):
        owner, _, leaf = expr.name.rpartition(".")
        yield f"from {owner} import {leaf}"
        yield f"return {leaf}()"
