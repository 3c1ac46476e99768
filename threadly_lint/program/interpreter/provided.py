"""Dependency containers: what ``Provide[Container.orders]`` gives is made by the provider of that name."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value

MARKERS = frozenset({"dependency_injector.wiring.Provide", "dependency_injector.wiring.Closing"})
PROVIDERS = "dependency_injector.providers."
MAX_DEPTH = 6


def provider_of(value: Value) -> Value:
    """A callable that gives what the providers in ``value`` make; empty when none is known."""
    return tuple(x for atom in value for x in _callable(atom, MAX_DEPTH))


def _callable(atom: Atom, depth: int) -> Value:
    shape = atom.shape
    made = shape.made if isinstance(shape, t.Obj) and shape.name.startswith(PROVIDERS) else None
    if made is None or not made.args or not depth:
        return ()
    target, *args = made.args
    given = tuple((name, _instance(value, depth - 1)) for name, value in made.keywords)
    return (Atom(t.Partial(target, tuple(_instance(x, depth - 1) for x in args), given)),)


def _instance(value: Value, depth: int) -> Value:
    """What a provider that is handed to another one gives in its place; of another container's nobody knows."""
    found: list[Value] = []
    for atom in value:
        made = _callable(atom, depth)
        is_open = isinstance(atom.shape, t.LibMethod) and atom.shape.owner.startswith(PROVIDERS)
        found.append(tuple(_built(x) for x in made) if made else t.unknown() if is_open else (atom,))
    return t.join(*found)


def _built(atom: Atom) -> Atom:
    shape = atom.shape
    assert isinstance(shape, t.Partial)
    infos = [x.shape.info for x in shape.func if isinstance(x.shape, t.ClassRef)]
    return Atom(t.Inst(infos[0], shape.args, shape.keywords)) if len(infos) == 1 else t.UNKNOWN
