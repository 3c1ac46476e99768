"""Checks of request data: which tests, conversions and validators make which variable's value trustworthy, and where.

A *place* is the text under which a value can be refined (``name``, ``data['name']``). A value whose truth vouches for a
place carries a ``vouches`` tag with it (``refutes`` when its falsehood does), so a check counts wherever its result is
tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from threadly_lint.knowledge import Fact
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, State
from threadly_lint.program.interpreter.containers import escapes
from threadly_lint.program.interpreter.effects import Outcome
from threadly_lint.program.interpreter.expressions import path_of
from threadly_lint.program.interpreter.libraries import Call
from threadly_lint.program.interpreter.lookups import must_exist, selected_by
from threadly_lint.program.interpreter.request_data import CHECKED, ESCAPED, checked, is_raw, raw_tags, unchecked_tags
from threadly_lint.program.interpreter.types import NO_TAGS, Atom, Tag, Tags, Value
from threadly_lint.program.symbols.names import Function
from threadly_lint.skeleton import nodes as n

VALIDATORS = frozenset({"validation", "sanitizer"})
TEXT_TESTS = frozenset("isalnum isalpha isascii isdecimal isdigit isidentifier isnumeric".split())
MEASURES = frozenset("count endswith find index rfind rindex startswith".split())
SCALARS = frozenset("str int float bool bytes uuid.UUID decimal.Decimal datetime.date datetime.datetime".split())
WELL_FORMED = frozenset({"uuid.UUID", "bson.ObjectId", "ipaddress.ip_address", "ipaddress.ip_network"})
PATTERN_ENDS = ("$", "\\Z", "\\z")
DIGESTS = ("hashlib.", "hmac.", "zlib.")
ALLOWED_CHARACTERS = re.compile(r"\[\^[^/\]]+\][+*]?")
RESOLVED = Tag("resolved")


def place_of(expr: n.Expr) -> str | None:
    """Like ``path_of``; ``data.get("name")`` stands for the same place as ``data["name"]``."""
    if isinstance(expr, n.Await):
        return place_of(expr.value)
    if isinstance(expr, n.Call):
        func = expr.func
        if isinstance(func, n.Attribute) and func.attr == "get" and expr.args and isinstance(expr.args[0], n.Constant):
            base = path_of(func.value)
            return base and f"{base}[{expr.args[0].value!r}]"
        return None
    return path_of(expr)


def checked_entry(a: Activation, expr: n.Call) -> Value | None:
    """``data.get("name")`` where that entry has been checked already."""
    if a.state is None or not a.state.checked:
        return None
    place = place_of(expr)
    return a.state.env.get(place) if place in a.state.checked else None


# What a test tells ----------------------------------------------------------------------------------------------------


def vouch(state: State, place: str, value: Value) -> None:
    """``value``, found at ``place``, has passed a check on the path that ``state`` stands for."""
    state.env[place] = checked(value)
    state.checked |= {place}


def believe(a: Activation, state: State | None, left: Value, assumed: bool | None) -> None:
    """Learn from the alternatives that are left on one side of a test, all true or false there as ``assumed``."""
    if state is None:
        return
    for place in _vouched(left, assumed):
        if place in a.places or place in state.env:
            vouch(state, place, state.env.get(place) or a.places[place])


def _vouched(value: Value, assumed: bool | None) -> frozenset[str]:
    """Places that every alternative vouches for: by its truth or by its falsehood."""
    found = []
    for atom in value:
        known = t.truthiness(atom)
        truth = assumed if known is None else known
        kind = {True: "vouches", False: "refutes", None: ""}[truth]
        found.append(frozenset(tag.detail for tag in atom.tags if tag.kind == kind))
    return frozenset.intersection(*found) if found else frozenset()


def learn_from_comparison(
    a: Activation, test: n.Compare, op: str, left: Value, right: Value, when_true: State | None
) -> None:
    """``==`` with what the server knows, ``in`` a collection of the server's: on the true side it is one of these."""
    if when_true is None:
        return
    pairs = [(test.left, left, right)]
    if op in ("==", "is"):
        pairs.append((test.comparators[0], right, left))
        for common in _common(left) | _common(right):
            vouch(when_true, common, when_true.env.get(common) or a.places.get(common, ()))
    elif op != "in" or _is_text(right):
        return
    for expr, mine, other in pairs:
        place = place_of(expr)
        if (
            place is not None
            and unchecked_tags(mine)
            and other
            and not unchecked_tags(other)
            and not all(map(t.is_none, other))
        ):
            vouch(when_true, place, when_true.env.get(place) or mine)
        if other and not unchecked_tags(other) and _is_of_upload(mine):
            a.emit("upload-test", op, test)


def _is_of_upload(value: Value) -> bool:
    """Whether something about an uploaded file is asked: its type, the end of its name."""
    tags = raw_tags(value)
    return bool(tags) and all(x.detail == "files" for x in tags)


def within_range(test: n.Compare, values: list[Value], state: State | None) -> None:
    """``1 <= x <= 10``: a number between bounds."""
    if state is None or len(test.ops) != 2 or not all(op in ("<", "<=") for op in test.ops):
        return
    place = place_of(test.comparators[0])
    if (
        place is not None
        and unchecked_tags(values[1])
        and not unchecked_tags(values[0])
        and not unchecked_tags(values[2])
    ):
        vouch(state, place, state.env.get(place) or values[1])


def _is_text(value: Value) -> bool:
    return any(isinstance(x.shape, t.Obj) and x.shape.name == "str" for x in value) or t.text_of(value) is not None


def _common(value: Value) -> frozenset[str]:
    return frozenset(tag.detail for x in value for tag in x.tags if tag.kind == "common")


# What a call tells ----------------------------------------------------------------------------------------------------


def tell(a: Activation, value: Value, kind: str, exprs: list[tuple[n.Expr, Value]]) -> Value:
    """``value`` with the news that its truth (or falsehood) vouches for these arguments."""
    tags: set[Tag] = set()
    for expr, given in exprs:
        place = place_of(expr)
        if place is not None and unchecked_tags(given):
            a.places[place] = given
            tags.add(Tag(kind, place))
    return t.tagged(value, frozenset(tags))


def text_test(a: Activation, node: n.Expr, receiver: Atom, name: str, args: tuple[Value, ...], value: Value) -> Value:
    """``x.isdigit()`` and the like; ``startswith`` of a resolved path."""
    if not isinstance(node, n.Call) or not isinstance(node.func, n.Attribute):
        return value
    inside = name == "startswith" and RESOLVED in receiver.tags and args and not unchecked_tags(args[0])
    if name in TEXT_TESTS or inside:
        return tell(a, value, "vouches", [(node.func.value, (receiver,))])
    return value


def builtin_method(a: Activation, node: n.Expr, callee: Atom, args: tuple[Value, ...], value: Value) -> Value:
    """A method of data whose type is not known (a JSON value): it can only be one of the built-in types'."""
    if not isinstance(node, n.Call) or not isinstance(node.func, n.Attribute) or not unchecked_tags((callee,)):
        return value
    name = node.func.attr
    if escapes(name, args):
        return t.tagged(value, frozenset({ESCAPED}))
    if name in MEASURES or name in TEXT_TESTS:
        return text_test(a, node, callee, name, args, checked(value))
    return value


def type_test(a: Activation, node: n.Call, args: tuple[Value, ...], value: Value) -> Value:
    """``isinstance(x, str)``: checked like a framework's own parameter; a container's contents are not."""
    if len(args) < 2 or len(node.args) < 2:
        return value
    kinds = [x.shape for atom in args[1] for v in _items(atom) for x in v]
    if kinds and all(isinstance(k, t.Lib) and k.name in SCALARS for k in kinds):
        return tell(a, value, "vouches", [(node.args[0], args[0])])
    return value


def _items(atom: Atom) -> tuple[Value, ...]:
    return atom.shape.items or () if isinstance(atom.shape, t.Seq) else ((atom,),)


def library_check(a: Activation, call: Call, value: Value) -> Value:
    """What a library call says about its arguments: in place by returning at all, or by the truth of its result."""
    if a.state is None:
        return value
    value = _found(a, call, value)
    if not any(unchecked_tags(v) for v in (call.receiver, *call.given)):
        return value
    if call.name.startswith(("re.", "regex.")):
        return _pattern(a, call, value)
    if call.name.startswith("os.path.common"):
        return _common_path(a, call, value)
    if call.name.startswith(DIGESTS):
        return t.tagged(checked(value), frozenset(Tag("digest", x.detail) for x in call.tags if is_raw(x)))
    value = t.tagged(value, _resolved(call))
    facts = a.knowledge.facts(call.name)
    fact = next((f for f in facts if f.effect in VALIDATORS and f.identity), None)
    if any(_by_keyword(a, call, k) for k in call.keywords):
        return checked(value)
    if not facts and a.program.libraries.may_check(call):
        a.emit("handed-on", call.name, call.node, args=call.args, keywords=call.keywords)
    return value if fact is None else _validator(a, call, fact, value)


def _found(a: Activation, call: Call, value: Value) -> Value:
    """A row that is there vouches for what has selected it; one that must be there does so at once."""
    if selected := list(selected_by(a, call)):
        value = tell(a, value, "vouches", selected)
    if (places := _vouched(value, True)) and must_exist(a, call, value) and a.state is not None:
        for place in places & a.places.keys():
            vouch(a.state, place, a.state.env.get(place) or a.places[place])
    return value


def _by_keyword(a: Activation, call: Call, keyword: str) -> bool:
    """``args.get("page", type=int)``: this keyword makes the call a conversion that cannot fail."""
    fact = a.knowledge.keyword(call.name, keyword)
    return fact is not None and fact.effect == "validation"


def _validator(a: Activation, call: Call, fact: Fact, value: Value) -> Value:
    subjects = list(_subjects(call))
    if fact.effect == "sanitizer" and RESOLVED not in call.tags and fact.name.startswith("pathlib."):
        return value
    if fact.identity in ("bool", "optional"):
        return tell(a, value, "vouches", subjects)
    if fact.identity == "not-bool":
        return tell(a, value, "refutes", subjects)
    in_place = fact.returns is None or fact.effect == "sanitizer" or fact.name in WELL_FORMED
    if fact.identity == "raises" and in_place:
        for expr, given in subjects:
            place = place_of(expr)
            if place is not None and unchecked_tags(given) and a.state is not None:
                vouch(a.state, place, a.state.env.get(place) or given)
    return value


def _subjects(call: Call) -> Iterator[tuple[n.Expr, Value]]:
    """Receiver and arguments with the expressions that they stand for."""
    node = call.node
    if not isinstance(node, n.Call):
        return
    if isinstance(node.func, n.Attribute) and call.receiver:
        yield node.func.value, call.receiver
    if not any(isinstance(x, n.Starred) for x in node.args):
        yield from zip(node.args, call.args, strict=False)
    for keyword in node.keywords:
        if keyword.name in call.keywords:
            yield keyword.value, call.keywords[keyword.name]


def _resolved(call: Call) -> Tags:
    if call.name in ("os.path.realpath", "os.path.abspath", "os.path.normpath"):
        return frozenset({RESOLVED})
    return frozenset({RESOLVED}) if call.name == "pathlib.PurePath.resolve" else NO_TAGS


def _pattern(a: Activation, call: Call, value: Value) -> Value:
    """``fullmatch``, and ``match`` or ``search`` with an anchored pattern: the whole text has the form.

    ``sub`` of all characters but some leaves only these.
    """
    name = call.name.rpartition(".")[2]
    if name == "sub" and ALLOWED_CHARACTERS.fullmatch(_pattern_text(call.receiver or call.args[0]) or ""):
        return checked(value)
    if name not in ("fullmatch", "match", "search"):
        return value
    compiled = bool(call.receiver)
    pattern = _pattern_text(call.receiver if compiled else call.args[0] if call.args else ())
    if name != "fullmatch" and not (pattern and _is_anchored(pattern, name)):
        return value
    position = 0 if compiled else 1
    node = call.node
    if not isinstance(node, n.Call) or len(node.args) <= position or len(call.args) <= position:
        return value
    return tell(a, value, "vouches", [(node.args[position], call.args[position])])


def _pattern_text(value: Value) -> str | None:
    for atom in value:
        shape = atom.shape
        if isinstance(shape, t.Obj) and shape.made is not None and shape.made.args:
            return t.text_of(shape.made.args[0])
    return t.text_of(value)


def _is_anchored(pattern: str, name: str) -> bool:
    return pattern.endswith(PATTERN_ENDS) and (name == "match" or pattern.startswith(("^", "\\A")))


def _common_path(a: Activation, call: Call, value: Value) -> Value:
    """``os.path.commonpath([BASE, path])`` equal to something of the server's keeps the path inside."""
    node = call.node
    first = node.args[0] if isinstance(node, n.Call) and node.args else None
    items = call.args[0][0].shape.items if call.args and isinstance(call.args[0][0].shape, t.Seq) else None
    if not isinstance(first, n.Sequence) or items is None or len(items) != len(first.items):
        return value
    return checked(tell(a, value, "common", [(e, v) for e, v in zip(first.items, items, strict=True)]))


# Across functions -----------------------------------------------------------------------------------------------------


def handed_back(a: Activation, outcome: Outcome, function: Function, bound: bool, node: n.Node) -> Value:
    """What a project function has checked of its arguments, and what its result vouches for, in the caller's words.

    Returns the function's value.
    """
    value = outcome.value
    told = [tag for x in value for tag in x.tags if tag.kind in ("vouches", "refutes", "common")]
    if not told and not outcome.checked:
        return value
    names = _argument_places(function, bound, node)
    for place in outcome.checked:
        mine = _translated(place, names)
        if mine is not None and a.state is not None:
            vouch(a.state, mine, a.state.env.get(mine) or _value_at(a, place, names))
    return tuple(_retold(a, x, names) for x in value) if told else value


def _argument_places(function: Function, bound: bool, node: n.Node) -> dict[str, n.Expr]:
    """Parameter names and the expressions that this call gives for them."""
    if not isinstance(node, n.Call) or any(isinstance(x, n.Starred) for x in node.args):
        return {}
    names = [p.name for p in function.params if p.kind in ("positional", "normal")]
    found = dict(zip(names[1:] if bound else names, node.args, strict=False))
    return {**found, **{k.name: k.value for k in node.keywords if k.name}}


def root_of(place: str) -> str:
    """The variable with which a place begins."""
    return place.split("[", 1)[0].split(".", 1)[0]


def _translated(place: str, names: dict[str, n.Expr]) -> str | None:
    root = root_of(place)
    mine = place_of(names[root]) if root in names else None
    return mine and mine + place[len(root) :]


def _value_at(a: Activation, place: str, names: dict[str, n.Expr]) -> Value:
    root = root_of(place)
    return t.unknown(frozenset({CHECKED})) if place != root else _current(a, place_of(names[root]))


def _current(a: Activation, place: str | None) -> Value:
    known = a.state.env.get(place, ()) if a.state is not None and place else ()
    return known or t.unknown(frozenset({CHECKED}))


def _retold(a: Activation, atom: Atom, names: dict[str, n.Expr]) -> Atom:
    tags: set[Tag] = set()
    for tag in atom.tags:
        if tag.kind not in ("vouches", "refutes", "common"):
            tags.add(tag)
        elif (mine := _translated(tag.detail, names)) is not None:
            a.places.setdefault(mine, _value_at(a, tag.detail, names))
            tags.add(Tag(tag.kind, mine))
    return atom._replace(tags=frozenset(tags))


# Conversions ----------------------------------------------------------------------------------------------------------


def converts_with_handling(a: Activation) -> bool:
    """Whether a ``ValueError`` raised here is handled: around this point, or by the application with a 4xx answer."""
    failure: Value = (Atom(t.Obj("ValueError")),)
    frames = a.frame.chain() if a.frame is not None else ()
    for frame in frames:
        node = frame.node if frame.kind == "try" else None
        if isinstance(node, n.Try) and a.program.failures.catches(a, node.handlers, failure):
            return True
    return 400 <= a.program.behaviour.exception_statuses.get("ValueError", 0) < 500
