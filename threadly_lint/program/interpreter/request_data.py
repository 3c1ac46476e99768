"""Data from outside: which of it is raw, and what is left of that once something has checked it.

A ``request`` tag names its source. ``typed`` and ``text`` say that the framework has converted the value (``text`` is a
plain string, any string), ``checked`` that the project's own code has looked at it; every other source is raw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Tag, Tags, Value

CHECKED = Tag("request", "checked")
ESCAPED = Tag("escaped")
"""Of text in which the code has replaced characters with a meaning in markup by hand."""
NOT_RAW = frozenset({"typed", "text", "checked"})
PLAIN_TEXT = frozenset({"text"})
SENT_ALONG = frozenset({"headers", "cookies"})
ABOUT_CALLER = frozenset({"credential", "session", "identity"})


def is_raw(tag: Tag) -> bool:
    return tag.kind == "request" and tag.detail not in NOT_RAW


def raw_tags(value: Iterable[Atom]) -> Tags:
    """The raw sources that a value, or something in it, comes from.

    Credentials are no data, nor is what stands in for the caller's identity (a user from the session, else one from a
    header).
    """
    atoms = list(_atoms(value))
    by_caller = any(map(_is_about_caller, atoms))
    data = [x for atom in atoms if not _may_be_selected(atom) for x in atom.tags if is_raw(x)]
    return frozenset(x for x in data if not (by_caller and x.detail in SENT_ALONG))


def plain_text(value: Iterable[Atom]) -> Tags:
    """Sources that the framework took for text and nothing else."""
    return frozenset(x for atom in _atoms(value) for x in atom.tags if x.kind == "request" and x.detail in PLAIN_TEXT)


def unchecked_tags(value: Iterable[Atom]) -> Tags:
    """Sources of a value about which a check has something to tell: raw ones, and text of which only the type is known."""
    atoms = tuple(value)
    return raw_tags(atoms) | plain_text(atoms)


def _may_be_selected(atom: Atom) -> bool:
    """Whether it may be what a look-up has found: it cannot be typed, and a look-up had a part in it."""
    return isinstance(atom.shape, t.Unknown) and any(x.kind == "chosen" for x in atom.tags)


def is_text(value: Value) -> bool:
    """Whether any text will do."""
    return not value or any(isinstance(x.shape, t.Obj) and x.shape.name == "str" for x in value)


def _is_about_caller(atom: Atom) -> bool:
    return any(x.kind in ABOUT_CALLER for x in atom.tags)


def _atoms(value: Iterable[Atom]) -> Iterator[Atom]:
    """All alternatives, and those of what containers hold."""
    for atom in value:
        yield atom
        shape = atom.shape
        if isinstance(shape, t.Seq):
            for inner in (*(shape.items or ()), shape.elem):
                yield from _atoms(inner)
        elif isinstance(shape, t.Map):
            for _, inner in shape.entries:
                yield from _atoms(inner)


def checked(value: Value) -> Value:
    """The same value, no longer raw."""
    return tuple(_checked(atom) for atom in value)


def _checked(atom: Atom) -> Atom:
    shape = atom.shape
    if isinstance(shape, t.Seq):
        items = tuple(map(checked, shape.items)) if shape.items is not None else None
        atom = atom._replace(shape=t.Seq(shape.kind, items, checked(shape.elem)))
    elif isinstance(shape, t.Map):
        atom = atom._replace(shape=t.Map(tuple((k, checked(v)) for k, v in shape.entries), shape.open))
    return atom._replace(tags=checked_tags(atom.tags))


def checked_tags(tags: Tags) -> Tags:
    """``tags`` of something that says no more of the data than one question asked (``len``, a comparison, a hash)."""
    open_ones = frozenset(x for x in tags if is_raw(x) or (x.kind == "request" and x.detail in PLAIN_TEXT))
    return (tags - open_ones) | {CHECKED} if open_ones else tags
