"""Abstract values: what an expression may be, where its data came from, and what its being so proves.

A *value* is a tuple of *atoms*, the alternatives that may arise at run time. An atom has a shape (what it is), tags (provenance
of its data) and a proof: the guards that must have passed if the value turns out to be this atom. So ``user`` after
``user = load(session.get("id"))`` is ``None`` (proves nothing) or a row (proves a session), and a test decides which is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from threadly_lint.program.symbols.names import Class, Function, Module
    from threadly_lint.skeleton.nodes import Call

MAX_ATOMS = 12


class Guard(NamedTuple):
    """Evidence that a caller was let through on purpose.

    ``strength`` is ``weak`` where a credential is required but not verified, ``unknown`` where code that cannot be seen may
    be a guard. ``line`` is 1-based; both are empty for settings.
    """

    label: str
    path: str = ""
    line: int = 0
    strength: Literal["strong", "weak", "unknown"] = "strong"


Proof = frozenset[Guard]
NO_PROOF: Proof = frozenset()


class Tag(NamedTuple):
    """Provenance of data: ``request`` (with the source), ``credential``, ``session``, ``identity``, ``secret``, ``exception``, ..."""

    kind: str
    detail: str = ""


Tags = frozenset[Tag]
NO_TAGS: Tags = frozenset()
NAMED = Tag("named")
"""Of a mapping (or what it has melted into): the code chose its keys, whatever its values are."""


# Shapes -----------------------------------------------------------------------------------------------------------------


class Unknown(NamedTuple):
    """Something that cannot be typed."""


class Const(NamedTuple):
    """A literal. ``kind`` keeps ``1`` and ``True`` apart."""

    kind: str
    value: object


class ModuleRef(NamedTuple):
    module: Module


class Namespace(NamedTuple):
    """A package without ``__init__``, as ``importer`` sees it."""

    name: str
    importer: Module


class Lib(NamedTuple):
    """A library's module, class, function or ready-made object, by dotted name."""

    name: str


class Obj(NamedTuple):
    """An instance of a library class. ``elem`` is the type argument (the model of a query), ``made`` where it was constructed.

    ``attrs`` holds what is known of this very instance: attributes (``status``, ``method``) and constructor keywords.
    """

    name: str
    elem: Value = ()
    made: Site | None = None
    attrs: tuple[tuple[str, Value], ...] = ()


class LibMethod(NamedTuple):
    """A method of a library class, bound to its receiver. ``owner`` is the class in which knowledge finds it."""

    receiver: Atom
    owner: str
    name: str


class Func(NamedTuple):
    """A function of the project, maybe bound, with the enclosing variables that it captured."""

    info: Function
    bound: Value = ()
    captured: tuple[tuple[str, Value], ...] = ()


class ClassRef(NamedTuple):
    info: Class


class Inst(NamedTuple):
    """An instance of a project class, with its constructor's arguments where they matter.

    Keywords with a leading dot are attributes of this very instance that a framework sets (``.request``).
    """

    info: Class
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


class Super(NamedTuple):
    """``super()`` inside a method of ``info`` on ``receiver``."""

    info: Class
    receiver: Value


class Partial(NamedTuple):
    func: Value
    args: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


class Wrapped(NamedTuple):
    """A callable behind a library wrapper whose effect is known (``guards``) or unknown (a guard of unknown strength).

    ``context`` is the context manager in which it runs, where one is used as a decorator.
    """

    inner: Value
    by: str
    guards: Proof = NO_PROOF
    context: Value = ()


class Rest(NamedTuple):
    """What a middleware calls to go on: the remaining steps and the handler, which it may be asked for its attributes."""

    run: Callable[..., Value]
    handler: Value = ()


class Seq(NamedTuple):
    """A list, tuple or set: ``items`` when each is known, else ``elem`` stands for all."""

    kind: str
    items: tuple[Value, ...] | None
    elem: Value = ()


class Map(NamedTuple):
    """A dict with its known entries; when ``open`` it may have others."""

    entries: tuple[tuple[object, Value], ...]
    open: bool = True


Shape = (
    Unknown
    | Const
    | ModuleRef
    | Namespace
    | Lib
    | Obj
    | LibMethod
    | Func
    | ClassRef
    | Inst
    | Super
    | Partial
    | Wrapped
    | Rest
    | Seq
    | Map
)


class Atom(NamedTuple):
    shape: Shape
    tags: Tags = NO_TAGS
    proof: Proof = NO_PROOF


Value = tuple[Atom, ...]


class Site(NamedTuple):
    """The call that made an object, with what it was given: routers and clients are told apart by it."""

    module: Module
    call: Call
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()

    def keyword(self, name: str) -> Value:
        """The value given for ``name``, empty when it was not given."""
        return dict(self.keywords).get(name, ())


UNKNOWN = Atom(Unknown())
ANYTHING: Value = (UNKNOWN,)
NONE: Value = (Atom(Const("None", None)),)
TRUE: Value = (Atom(Const("bool", True)),)
FILLED = ("(filled)", TRUE)
"""Attribute of a text that is never empty, such as a part of a URL."""
AS_DEFAULT = ((".()", TRUE),)
"""Keywords of an instance that is known to have been made without arguments: its parameters have their defaults."""
FALSE: Value = (Atom(Const("bool", False)),)
TEXT: Value = (Atom(Obj("str")),)


def const(value: object) -> Value:
    """The value of a literal."""
    return (Atom(Const(type(value).__name__ if value is not None else "None", value)),)


def lib(name: str) -> Value:
    return (Atom(Lib(name)),)


def obj(name: str, elem: Value = (), tags: Tags = NO_TAGS, **attrs: Value) -> Value:
    return (Atom(Obj(name, elem, None, tuple(sorted(attrs.items()))), tags),)


def unknown(tags: Tags = NO_TAGS, proof: Proof = NO_PROOF) -> Value:
    return (Atom(Unknown(), tags, proof),)


def maybe(value: Value) -> Value:
    """``value`` or None."""
    return join(NONE, value)


def join(*values: Value) -> Value:
    """All alternatives; past the limit they melt into one unknown that keeps tags and what all of them prove."""
    given = [v for v in values if v]
    if not given:
        return ()
    if len(given) == 1:
        return given[0]
    if all(v == given[0] for v in given):
        return given[0]
    atoms = tuple(dict.fromkeys(a for v in given for a in v))
    return atoms if len(atoms) <= MAX_ATOMS else melt(atoms)


def melt(atoms: Value) -> Value:
    absent = tuple(a for a in atoms if truthiness(a) is False)[:2]
    rest = [a for a in atoms if truthiness(a) is not False]
    return (*absent, Atom(Unknown(), tags_of(atoms), common_proof(rest)))


def tags_of(value: Iterable[Atom]) -> Tags:
    """Tags of all alternatives together, those of contents included."""
    tags: set[Tag] = set()
    for atom in value:
        tags |= atom.tags
        shape = atom.shape
        if isinstance(shape, Seq):
            for item in (*(shape.items or ()), shape.elem):
                tags |= tags_of(item)
        elif isinstance(shape, Map):
            for _, item in shape.entries:
                tags |= keyed(tags_of(item), by=atom.tags)
    return frozenset(tags)


def keyed(tags: Tags, *, by: Tags) -> Tags:
    """Tags of the values of a mapping whose keys have the tags ``by``: keys that are not the caller's are the code's."""
    is_data = any(x.kind == "request" for x in tags)
    return tags | {NAMED} if is_data and not any(x.kind == "request" for x in by) else tags


def common_proof(atoms: Iterable[Atom]) -> Proof:
    """What is proven whichever alternative arises: nothing when one of them proves nothing."""
    proofs = [a.proof for a in atoms]
    if not proofs or not all(proofs):
        return NO_PROOF
    return frozenset().union(*proofs)


def tagged(value: Value, tags: Tags) -> Value:
    if not tags:
        return value
    return tuple(a._replace(tags=a.tags | tags) for a in value)


def untagged(value: Value, *kinds: str) -> Value:
    """``value`` without the tags of these kinds."""
    return tuple(a._replace(tags=frozenset(t for t in a.tags if t.kind not in kinds)) for a in value)


def proven(value: Value, proof: Proof) -> Value:
    """``value``, known only where ``proof`` holds."""
    if not proof:
        return value
    return tuple(a._replace(proof=a.proof | proof) for a in value)


def has_tag(value: Iterable[Atom], *kinds: str) -> bool:
    return any(t.kind in kinds for t in tags_of(value))


def truthiness(atom: Atom) -> bool | None:
    """Whether the atom is true or false in a test; None when either may be."""
    shape = atom.shape
    if isinstance(shape, Const):
        return bool(shape.value)
    if isinstance(shape, Seq):
        return None if shape.items is None else bool(shape.items)
    if isinstance(shape, Map):
        return True if shape.entries else (None if shape.open else False)
    if isinstance(shape, Obj):
        return True if FILLED in shape.attrs else None
    if isinstance(shape, Unknown | Lib | LibMethod):
        return None
    return True


def is_none(atom: Atom) -> bool:
    return isinstance(atom.shape, Const) and atom.shape.kind == "None"


def keep(value: Value, test: Callable[[Atom], bool]) -> Value:
    return tuple(a for a in value if test(a))


def constants(value: Value) -> list[object]:
    """The literals among the alternatives."""
    return [a.shape.value for a in value if isinstance(a.shape, Const)]


def text_of(value: Value) -> str | None:
    """The text, when the value is exactly one string literal."""
    found = constants(value)
    return found[0] if len(found) == len(value) == 1 and isinstance(found[0], str) else None


def shape_text(value: Value) -> str | None:
    """The text of a literal, or the constant parts of a built string with ``{}`` for the rest."""
    for atom in value:
        if isinstance(atom.shape, Const) and isinstance(atom.shape.value, str):
            return atom.shape.value
        if isinstance(atom.shape, Obj) and (known := dict(atom.shape.attrs).get("text")):
            return text_of(known)
    return None


def may_equal(atom: Atom, text: str) -> bool:
    """Whether a built string, by its constant parts, may come out as ``text``."""
    known = shape_text((atom,))
    if known is None:
        return True
    return re.fullmatch(".*".join(map(re.escape, known.split("{}"))), text, re.DOTALL) is not None


def text_like(text: str | None, tags: Tags = NO_TAGS, proof: Proof = NO_PROOF) -> Value:
    """A built string whose constant parts are known."""
    attrs = (("text", const(text)),) if text is not None else ()
    return (Atom(Obj("str", (), None, attrs), tags, proof),)


def number_of(value: Value) -> int | None:
    """The number, when one of the alternatives is an integer literal."""
    return next((v for v in constants(value) if isinstance(v, int) and not isinstance(v, bool)), None)


def only_number(value: Value) -> int | None:
    """The number, when the value is exactly one integer literal."""
    return number_of(value) if len(value) == 1 else None
