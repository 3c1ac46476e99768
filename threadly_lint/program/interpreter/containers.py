"""What containers hold: elements, items, and the methods of built-in lists, dicts and strings."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.callers import claim
from threadly_lint.program.interpreter.nesting import bounded
from threadly_lint.program.interpreter.queries import lazy_class
from threadly_lint.program.interpreter.request_data import ESCAPED, checked_tags
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.skeleton import nodes as n

CHANGING = frozenset("add append appendleft extend insert setdefault update".split())
KEEPING = frozenset("casefold lower lstrip rstrip strip upper".split())
"""Methods that leave a text what it is, but for its case and the blanks around it."""
ROW_BY_KEY = "__class_getitem__"
MAX_ITEMS = 16
OPEN = "**"


def element(a: Activation, value: Value) -> Value:
    """What iterating over ``value`` yields."""
    return t.join(*(_element(a, atom) for atom in value if not t.is_none(atom))) or t.ANYTHING


def _element(a: Activation, atom: Atom) -> Value:
    shape = atom.shape
    if isinstance(shape, t.Seq):
        return t.proven(t.tagged(t.join(*(shape.items or ()), shape.elem), atom.tags), atom.proof) or t.unknown(
            atom.tags
        )
    if isinstance(shape, t.Map):
        return t.join(*(t.const(k) for k, _ in shape.entries)) if not shape.open else t.unknown(atom.tags)
    if isinstance(shape, t.ClassRef):
        return a.program.hierarchy.instances_of((atom,))
    if isinstance(shape, t.Obj):
        lib_class = a.knowledge.class_of(shape.name)
        if lib_class is not None and lib_class.iter is not None:
            return t.tagged(a.program.libraries.typed(lib_class.iter, (atom,)), atom.tags)
        if shape.elem:
            return t.tagged(shape.elem, atom.tags)
    return t.unknown(atom.tags, atom.proof)


def fixed_items(value: Value) -> tuple[Value, ...] | None:
    """The items of a list, tuple or set all of which are known; None otherwise."""
    shape = value[0].shape if len(value) == 1 else None
    return shape.items if isinstance(shape, t.Seq) else None


def item(a: Activation, base: Value, key: Value, node: n.Expr) -> Value:
    """``base[key]``: a missing key raises, so alternatives without it drop out."""
    found = t.join(*(_item(a, atom, key, node) for atom in base if not t.is_none(atom)))
    return found or t.ANYTHING


def _item(a: Activation, atom: Atom, key: Value, node: n.Expr) -> Value:
    shape = atom.shape
    keys = t.constants(key)
    if isinstance(shape, t.Map) and shape.entries and not shape.open and len(keys) < len(key):
        return t.proven(t.tagged(t.join(*(v for _, v in shape.entries)), atom.tags), atom.proof)
    if isinstance(shape, t.Map) and keys:
        known = dict(shape.entries)
        if keys[0] in known:
            return t.proven(t.tagged(known[keys[0]], atom.tags), atom.proof)
        if shape.open and (found := a.program.behaviour.key_value(a, atom, key, node)):
            return found
        return t.unknown(atom.tags | claim(atom, key), atom.proof) if shape.open else ()
    is_slice = any(isinstance(x.shape, t.Obj) and x.shape.name == "slice" for x in key)
    if isinstance(shape, t.Seq):
        return _indexed(a, atom, shape, keys, is_slice=is_slice)
    if is_slice and lazy_class(a, atom) is not None:
        return (atom,)
    if isinstance(shape, t.Lib) and (held := a.knowledge.attr(shape.name)) is not None and not held.is_reference:
        kept = a.program.behaviour.shared_slot(a, atom, f"[{keys[0]!r}]") if len(keys) == 1 else ()
        return kept or _element_or_unknown(a, Atom(t.Obj(held.name), atom.tags, atom.proof))
    if isinstance(shape, t.ClassRef):
        return _row_by_key(a, atom, key, node) or (Atom(shape),)
    if isinstance(shape, t.Lib):
        return a.program.bindings.generic(shape, key)
    found = a.program.behaviour.key_value(a, atom, key, node) or _own_item(a, atom, key, node)
    found = found or _element_or_unknown(a, atom)
    return t.tagged(found, claim(atom, key))


def _row_by_key(a: Activation, atom: Atom, key: Value, node: n.Expr) -> Value:
    """``Model[key]`` where the library of the model reads a row so."""
    from threadly_lint.program.interpreter.attributes import attribute
    from threadly_lint.program.interpreter.calls import call_value

    found = tuple(x for x in attribute(a, (atom,), ROW_BY_KEY, node) if isinstance(x.shape, t.LibMethod))
    return call_value(a, found, (key,), {}, node) if found else ()


def _own_item(a: Activation, atom: Atom, key: Value, node: n.Expr) -> Value:
    """What ``__getitem__`` of a class of the project answers."""
    from threadly_lint.program.interpreter.attributes import operator_method
    from threadly_lint.program.interpreter.calls import call_value

    method = operator_method(a, (atom,), "__getitem__", node) if isinstance(atom.shape, t.Inst) else ()
    return call_value(a, method, (key,), {}, node) if method else ()


def _element_or_unknown(a: Activation, atom: Atom) -> Value:
    shape = atom.shape
    if isinstance(shape, t.Obj):
        lib_class = a.knowledge.class_of(shape.name)
        if lib_class is not None and lib_class.item is not None:
            return t.tagged(a.program.libraries.typed(lib_class.item, (atom,)), atom.tags)
        if shape.name == "str":
            return (atom,)
    return t.unknown(atom.tags, atom.proof)


def _indexed(a: Activation, atom: Atom, shape: t.Seq, keys: list[object], *, is_slice: bool) -> Value:
    index = keys[0] if keys else None
    if shape.items is not None and isinstance(index, int):
        return t.tagged(shape.items[index], atom.tags) if -len(shape.items) <= index < len(shape.items) else ()
    if keys or shape.items is None or not is_slice:
        return element(a, (atom,))
    return (Atom(t.Seq(shape.kind, None, t.join(*shape.items, shape.elem)), atom.tags),)


def entry(a: Activation, base: Value, key: Value, default: Value = t.NONE) -> Value:
    """``base.get(key, default)`` on a known dict: a key that is not known may be any of its keys, or none."""
    return t.join(*(_entry_of(atom, one, default) for atom in base for one in key or t.ANYTHING))


def _entry_of(atom: Atom, key: Atom, default: Value) -> Value:
    shape = atom.shape
    held = t.unknown(atom.tags | claim(atom, (key,)), atom.proof)
    if not isinstance(shape, t.Map):
        return t.join(default, held)
    if isinstance(key.shape, t.Const):
        known = dict(shape.entries).get(key.shape.value)
        if known is not None:
            return t.tagged(known, atom.tags)
        found: Value = ()
    else:
        found = t.tagged(t.join(*(value for _, value in shape.entries)), atom.tags)
    return t.join(found, default, held if shape.open else ())


def container_method(a: Activation, atom: Atom, name: str, args: tuple[Value, ...]) -> Value:
    """The result of a built-in method on a list, dict or text, with the provenance of what goes in."""
    shape = atom.shape
    tags = t.tags_of((atom,)).union(*(t.tags_of(x) for x in args)) if args else t.tags_of((atom,))
    if isinstance(shape, t.Map):
        return _map_method(a, atom, name, args, tags)
    if isinstance(shape, t.Seq):
        if name in ("append", "add", "insert", "extend", "remove", "clear", "update", "sort", "reverse"):
            return t.NONE
        if name == "copy":
            return (atom,)
        if name in ("index", "count"):
            return t.obj("int", tags=checked_tags(tags))
        return element(a, (atom,)) if name == "pop" else t.unknown(tags)
    return _text_method(atom, name, tags, args)


def _map_method(a: Activation, atom: Atom, name: str, args: tuple[Value, ...], tags: t.Tags) -> Value:
    shape = atom.shape
    assert isinstance(shape, t.Map)
    if name in ("get", "pop", "setdefault") and args:
        return _looked_up(entry(a, (atom,), args[0], args[1] if len(args) > 1 else t.NONE), args[0])
    if name == "copy":
        return (atom,)
    if name in ("update", "clear"):
        return t.NONE
    if name == "values":
        known = tuple(v for _, v in shape.entries) if not shape.open and len(shape.entries) <= MAX_ITEMS else None
        return (Atom(t.Seq("list", known, t.join(*(v for _, v in shape.entries)) if known is None else ()), tags),)
    if name == "items":
        pair = t.Seq("tuple", (t.unknown(tags), t.join(*(v for _, v in shape.entries)) or t.unknown(tags)))
        return (Atom(t.Seq("list", None, (Atom(pair, tags),)), tags),)
    return t.unknown(tags)


def change_container(
    a: Activation, node: n.Expr, atom: Atom, name: str, args: tuple[Value, ...], keywords: dict[str, Value]
) -> None:
    """``rows.append(x)``, ``names.update(more)``: the variable holds more afterwards."""
    if (
        name not in CHANGING
        or a.state is None
        or not isinstance(node, n.Call)
        or not isinstance(node.func, n.Attribute)
    ):
        return
    from threadly_lint.program.interpreter.expressions import path_of

    path = path_of(node.func.value)
    if path is None or atom not in a.state.env.get(path, ()):
        return
    shape = atom.shape
    changed: t.Shape | None = None
    tags = atom.tags
    if isinstance(shape, t.Seq) and name in ("append", "add", "insert", "appendleft") and args:
        changed = _with_item(a, shape, args[-1])
    elif isinstance(shape, t.Seq) and name in ("extend", "update") and args:
        changed = t.Seq(shape.kind, None, t.join(*(shape.items or ()), shape.elem, element(a, args[0])))
    elif isinstance(shape, t.Map) and name == "update":
        changed, tags = _updated(shape, atom.tags, args, keywords)
    elif isinstance(shape, t.Map) and name == "setdefault" and len(args) > 1:
        known = dict.fromkeys(t.constants(args[0]), args[1])
        changed = t.Map(tuple({**known, **dict(shape.entries)}.items()), shape.open)
    if changed is not None:
        left = (x for x in a.state.env[path] if x != atom)
        a.state.env[path] = bounded((*left, Atom(changed, tags, atom.proof)))


def _with_item(a: Activation, shape: t.Seq, item: Value) -> t.Seq:
    in_loop = a.frame is not None and any(f.kind == "loop" for f in a.frame.chain())
    if in_loop or shape.items is None or len(shape.items) > MAX_ITEMS:
        return t.Seq(shape.kind, None, t.join(*(shape.items or ()), shape.elem, item))
    return t.Seq(shape.kind, (*shape.items, item))


def _updated(shape: t.Map, tags: t.Tags, args: tuple[Value, ...], keywords: dict[str, Value]) -> tuple[t.Map, t.Tags]:
    entries, is_open = dict(shape.entries), shape.open
    for atom in args[0] if args else ():
        tags |= atom.tags
        if isinstance(atom.shape, t.Map):
            entries.update(atom.shape.entries)
            is_open |= atom.shape.open
        else:
            is_open = True
    for name, value in keywords.items():
        if name == OPEN:
            is_open, tags = True, tags | t.tags_of(value)
        else:
            entries[name] = value
    return t.Map(tuple(entries.items()), is_open), tags


def _looked_up(value: Value, key: Value) -> Value:
    """What is found under a credential carries it on, and being there proves what having the credential proves."""
    tags = frozenset(x for x in t.tags_of(key) if x.kind in ("credential", "session", "identity"))
    if not tags:
        return value
    proof = t.common_proof(x for x in key if t.truthiness(x) is not False)
    return tuple(x if x.shape == t.NONE[0].shape else x._replace(proof=x.proof | proof) for x in t.tagged(value, tags))


def _affix(atom: Atom, name: str, args: tuple[Value, ...]) -> bool | None:
    """``startswith`` and ``endswith`` of a text whose constant parts are known."""
    text = t.shape_text((atom,))
    wanted = [x for i in items_or_itself(args[0]) for x in t.constants(i)] if args else []
    if text is None or not wanted or not all(isinstance(x, str) for x in wanted) or len(args) > 1:
        return None
    is_whole = isinstance(atom.shape, t.Const) or "{}" not in text
    known = text if is_whole else text.partition("{}")[0] if name == "startswith" else text.rpartition("{}")[2]
    fits = str.startswith if name == "startswith" else str.endswith
    if any(fits(known, x) for x in wanted):  # type: ignore[arg-type]
        return True
    return None if not is_whole and any(fits(x, known) for x in wanted) else False  # type: ignore[arg-type]


def items_or_itself(value: Value) -> list[Value]:
    """The items of a tuple or list display; a value of another kind is its own only item."""
    only = value[0].shape if len(value) == 1 else None
    return list(only.items) if isinstance(only, t.Seq) and only.items is not None else [value]


def escapes(name: str, args: tuple[Value, ...]) -> bool:
    """``translate``, or ``replace("<", ...)``."""
    return name == "translate" or (name == "replace" and bool(args) and "<" in t.constants(args[0]))


def _joined(separator: Atom, args: tuple[Value, ...]) -> str | None:
    """``", ".join(parts)`` when the parts are known."""
    between = t.shape_text((separator,))
    held = args[0][0].shape if args and len(args[0]) == 1 else None
    if between is None or not isinstance(held, t.Seq) or not held.items:
        return None
    return between.join(t.shape_text(x) or "{}" for x in held.items)


def _replaced(atom: Atom, args: tuple[Value, ...]) -> str | None:
    """``text.replace(old, new)`` when all three are known."""
    text, given = t.shape_text((atom,)), [t.text_of(x) for x in args]
    if text is None or len(given) != 2 or given[0] is None or given[1] is None or escapes("replace", args):
        return None
    return text.replace(given[0], given[1])


def _text_method(atom: Atom, name: str, tags: t.Tags, args: tuple[Value, ...]) -> Value:
    if name in ("startswith", "endswith") and (verdict := _affix(atom, name, args)) is not None:
        return t.tagged(t.const(verdict), checked_tags(tags))
    if name in KEEPING and not args and (text := t.shape_text((atom,))) is not None:
        kept = getattr(text, name)()
        return t.tagged(t.const(kept), tags) if isinstance(atom.shape, t.Const) else t.text_like(kept, tags, atom.proof)
    if name == "replace" and (text := _replaced(atom, args)) is not None:
        return t.tagged(t.const(text), tags) if isinstance(atom.shape, t.Const) else t.text_like(text, tags, atom.proof)
    if name == "join" and (text := _joined(atom, args)) is not None:
        return t.text_like(text, tags, atom.proof)
    if escapes(name, args):
        tags |= {ESCAPED}
    if name in ("split", "rsplit", "splitlines", "partition", "rpartition"):
        return (Atom(t.Seq("list", None, t.obj("str", tags=tags)), tags, atom.proof),)
    if name.startswith(("is", "ends", "starts")):
        return t.tagged((*t.TRUE, *t.FALSE), checked_tags(tags))
    return (Atom(t.Obj("str"), tags, atom.proof),)
