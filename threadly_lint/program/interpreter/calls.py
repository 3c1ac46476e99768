"""Calls: whom a call reaches, what it is given, and what comes back."""

from __future__ import annotations

from collections.abc import Callable

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation, merge
from threadly_lint.program.interpreter.attributes import class_value
from threadly_lint.program.interpreter.awaiting import awaited_here, made
from threadly_lint.program.interpreter.callbacks import around_arguments, handed_functions, run_callbacks
from threadly_lint.program.interpreter.checks import (
    builtin_method,
    checked_entry,
    handed_back,
    library_check,
    text_test,
)
from threadly_lint.program.interpreter.containers import CHANGING, change_container, container_method, element
from threadly_lint.program.interpreter.contexts import call_in_context
from threadly_lint.program.interpreter.effects import Exit
from threadly_lint.program.interpreter.expressions import evaluate, path_of
from threadly_lint.program.interpreter.libraries import PASSED_ON, Call
from threadly_lint.program.interpreter.provided import provider_of
from threadly_lint.program.interpreter.request_data import checked, checked_tags
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.interpreter.unseen_databases import note_statement
from threadly_lint.program.interpreter.validation_hooks import follow_validation
from threadly_lint.program.symbols.names import Class
from threadly_lint.skeleton import nodes as n

SPILL = "*"
OPEN = "**"
REQUEST_CLASSES = ("Request", "HttpRequest", "HTTPServerRequest", "BaseRequest", "HTTPConnection")
PROTECTING = frozenset({"guard", "guard-weak", "guard-partial", "rate-limit"})
# How deep the arguments of an instance may nest: made once for a module, or in any number of calls.
OF_MODULES, WITHIN_CALLS = 6, 3
CONTAINER_PREFIXES = ("list.", "dict.", "str.", "set.", "tuple.", "bytes.")

Special = Callable[[Activation, n.Call, tuple[Value, ...], dict[str, Value]], Value]
SPECIAL: dict[str, Special] = {}
METHODS: dict[str, Callable[[Activation, Atom, tuple[Value, ...], dict[str, Value]], Value]] = {}
"""Functions whose calls mean something of their own, by their dotted names: see ``built_in_functions``."""


def evaluate_call(a: Activation, expr: n.Call) -> Value:
    """The value of a call expression."""
    if (known := checked_entry(a, expr)) is not None:
        return known
    func = evaluate(a, expr.func)
    with around_arguments(a, func, expr):
        args, keywords = arguments(a, expr)
        if a.coroutines and not _keeps(expr):
            args, keywords = awaited_here(a, args, keywords)
    if a.state is None:
        return ()
    for atom in func:
        if isinstance(atom.shape, t.Lib) and (special := SPECIAL.get(atom.shape.name)):
            return special(a, expr, args, keywords)
        if isinstance(atom.shape, t.LibMethod) and (method := METHODS.get(atom.shape.owner)):
            return method(a, atom.shape.receiver, args, keywords)
    mark = len(a.events)
    return made(a, expr, func, call_value(a, func, args, keywords, expr), mark)


def _keeps(expr: n.Call) -> bool:
    """``tasks.append(load(x))``: the coroutine waits in a container."""
    return isinstance(expr.func, n.Attribute) and expr.func.attr in CHANGING


def arguments(a: Activation, expr: n.Call) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """Positional and keyword values; what an unpacked sequence or mapping of unknown size may hold is under ``*`` and ``**``."""
    args: list[Value] = []
    keywords: dict[str, Value] = {}
    for node in expr.args:
        if isinstance(node, n.Starred):
            _unpack_sequence(a, evaluate(a, node.value), args, keywords)
        else:
            args.append(evaluate(a, node))
    for keyword in expr.keywords:
        value = evaluate(a, keyword.value)
        if keyword.name is not None:
            keywords[keyword.name] = value
        else:
            _unpack_mapping(value, keywords)
    return tuple(args), keywords


def _unpack_sequence(a: Activation, value: Value, args: list[Value], keywords: dict[str, Value]) -> None:
    known = value[0].shape.items if len(value) == 1 and isinstance(value[0].shape, t.Seq) else None
    if known is not None:
        args.extend(known)
    else:
        keywords[SPILL] = element(a, value)


def _unpack_mapping(value: Value, keywords: dict[str, Value]) -> None:
    for atom in value:
        if isinstance(atom.shape, t.Map):
            keywords.update({k: v for k, v in atom.shape.entries if isinstance(k, str)})
            if atom.shape.open:
                keywords[OPEN] = t.join(keywords.get(OPEN, ()), (atom,))
        elif not t.is_none(atom):
            keywords[OPEN] = t.join(keywords.get(OPEN, ()), (atom,))


def call_value(a: Activation, func: Value, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Expr) -> Value:
    """Call every alternative of ``func``; the paths meet again afterwards."""
    callables = tuple(x for x in func if not isinstance(x.shape, t.Const))
    if not callables and t.has_tag(func, "identity"):
        return func  # is_authenticated() as it was once spelled
    if len(callables) == 1:
        return _call_atom(a, callables[0], args, keywords, node)
    results, states, before = [], [], a.state
    for atom in callables[:6]:
        a.state = before.copy() if before is not None else None
        results.append(_call_atom(a, atom, args, keywords, node))
        states.append(a.state)
    a.state = merge(*states) if states else before
    return t.join(*results) or t.ANYTHING


def _call_atom(a: Activation, atom: Atom, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Expr) -> Value:
    if a.state is None:
        return ()
    match atom.shape:
        case t.Func() as shape:
            return t.proven(call_function(a, shape, args, keywords, node), atom.proof)
        case t.ClassRef(info):
            return construct(a, info, args, keywords, node)
        case t.Inst(info):
            method = class_value(a, atom, info, "__call__", node)
            return (
                call_value(a, method, args, keywords, node) if method else _call_unknown(a, atom, args, keywords, node)
            )
        case t.Partial(func, first, more):
            return call_value(a, func, (*first, *args), {**dict(more), **keywords}, node)
        case t.Wrapped() as shape:
            return _call_wrapped(a, shape, args, keywords, node)
        case t.Lib(name):
            return call_library(a, Call(a.module, name, (), args, keywords, node))
        case t.LibMethod(receiver, owner, name):
            return _call_method(a, atom, receiver, owner, name, args, keywords, node)
        case t.Rest(run):
            a.passed = keywords
            return run(a)
        case t.Obj() if provided := provider_of((atom,)):
            return call_value(a, provided, args, keywords, node)
        case t.Obj(name):
            value = call_library(a, Call(a.module, f"{name}.__call__", (atom,), args, keywords, node))
            return a.program.libraries.called_object(a, atom, value, node)
    return _call_unknown(a, atom, args, keywords, node)


def call_function(
    a: Activation, shape: t.Func, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Node
) -> Value:
    """Call a function of the project: what it does happens here."""
    outcome = a.program.run(shape, args, keywords, patient=a.patient)
    a.inline(outcome, node, shape.info.qualname)
    if not outcome.returns and outcome.ends and a.state is not None:
        a.die(next(iter(outcome.ends)) if len(outcome.ends) == 1 else 0)
        return ()
    if shape.info.name == "__init__" and outcome.stores:
        a.program.behaviour.constructed_further(a, shape.bound or next(iter(args), ()), outcome.stores)
    return handed_back(a, outcome, shape.info, bool(shape.bound), node)


def construct(a: Activation, info: Class, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Expr) -> Value:
    """Make an instance of a project class."""
    program = a.program
    given = (*args, *keywords.values())
    tags = frozenset().union(*(t.tags_of(v) for v in given)) if given else t.NO_TAGS
    if program.models.is_model(info):
        a.emit("construct", info.symbol, node, args=args, keywords=keywords, model=info.name)
        return (Atom(t.Inst(info), checked_tags(tags)),)
    validates = program.behaviour.validates(info)
    levels = OF_MODULES if a.function is a.module.body else WITHIN_CALLS
    kept = _checked(args, keywords) if validates else (args, keywords)
    shape = t.Inst(info, *program.hierarchy.remembered_arguments(*kept, levels))
    program.behaviour.constructed(a, info, args, keywords, node)
    init = program.hierarchy.constructor(info)
    if init is not None and not given and len(init.params) > 1:
        shape = t.Inst(info, (), t.AS_DEFAULT)
    if init is not None:
        call_function(a, t.Func(init, (Atom(shape),)), args, keywords, node)
    if validates:
        return (Atom(shape, frozenset(x for x in tags if x.kind != "request")),)
    status = program.behaviour.class_status(info, args, keywords)
    return (Atom(shape, tags if not status else t.NO_TAGS),)


def _checked(args: tuple[Value, ...], keywords: dict[str, Value]) -> tuple[tuple[Value, ...], dict[str, Value]]:
    return tuple(map(checked, args)), {name: checked(value) for name, value in keywords.items()}


def _call_wrapped(
    a: Activation, shape: t.Wrapped, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Expr
) -> Value:
    if shape.context:
        return call_in_context(a, shape, args, keywords, node)
    facts = a.knowledge.facts(shape.by)
    for fact in facts:
        a.emit(fact.effect, fact.name, node, fact=fact)
    a.prove(shape.guards)
    if any(fact.effect == "context-manager" for fact in facts) or shape.by.endswith("contextmanager"):
        return (Atom(t.Wrapped((Atom(t.Partial(shape.inner, args, tuple(keywords.items()))),), f"{shape.by}()")),)
    with a.inside("with", node, value=t.lib(shape.by)):
        return call_value(a, shape.inner, args, keywords, node)


def _call_method(
    a: Activation,
    atom: Atom,
    receiver: Atom,
    owner: str,
    name: str,
    args: tuple[Value, ...],
    keywords: dict[str, Value],
    node: n.Expr,
) -> Value:
    if isinstance(receiver.shape, t.Seq | t.Map | t.Const) or owner.startswith(CONTAINER_PREFIXES):
        if name == "format":
            tags = frozenset().union(receiver.tags, *(t.tags_of(v) for v in (*args, *keywords.values())))
            text = _filled(t.shape_text((receiver,)), args)
            return t.tagged(t.const(text), tags) if text and "{" not in text else t.text_like(text, tags)
        if name in ("get", "pop") and args and (found := _presented(a, receiver, args, node)):
            return found
        value = container_method(a, receiver, name, args)
        change_container(a, node, receiver, name, args, keywords)
        return text_test(a, node, receiver, name, args, value)
    if name == "get" and args and (found := a.program.behaviour.key_value(a, receiver, args[0], node)):
        return t.join(found, args[1]) if len(args) > 1 else found
    call = Call(a.module, owner, (receiver,), args, keywords, node)
    value = follow_validation(a, call, call_library(a, call))
    _hold_result(a, call, receiver)
    if a.state is not None and _finishes(receiver, name):
        a.leave(
            Exit("raise", t.obj("builtins.StopIteration"), a.state.auth, a.program.behaviour.status_of(value), node)
        )
    return value


def _filled(text: str | None, args: tuple[Value, ...]) -> str | None:
    """``text.format(...)`` as far as the texts that fill its places are known."""
    if text is None:
        return None
    first, *rest = text.split("{}")
    known = (*(t.shape_text(x) or "{}" for x in args), *["{}"] * len(rest))
    return first + "".join(f"{filling}{part}" for filling, part in zip(known, rest, strict=False))


def _finishes(receiver: Atom, name: str) -> bool:
    """Whether calling this method of an object ends the request: a framework lists such methods under ``.finishing``."""
    shape = receiver.shape
    return isinstance(shape, t.Inst) and name in t.constants(dict(shape.keywords).get(".finishing", ()))


def _presented(a: Activation, mapping: Atom, args: tuple[Value, ...], node: n.Expr) -> Value:
    """``headers.get(name)`` on a mapping that came with the request and is not known to have the name."""
    shape, keys = mapping.shape, t.constants(args[0])
    if not isinstance(shape, t.Map) or not shape.open or any(k in keys for k, _ in shape.entries):
        return ()
    found = a.program.behaviour.key_value(a, mapping, args[0], node)
    return t.join(found, args[1]) if found and len(args) > 1 else found


def _hold_result(a: Activation, call: Call, cursor: Atom) -> None:
    """A cursor holds what it has selected: rows that are fetched from it later depend on the parameters given now."""
    node = call.node
    if a.state is None or not isinstance(node, n.Call) or not isinstance(node.func, n.Attribute):
        return
    path = path_of(node.func.value)
    chosen_by = frozenset(x for v in call.given for x in t.tags_of(v) if x.kind in PASSED_ON)
    if path is None or not chosen_by or a.knowledge.fact(call.name, "read-or-write") is None:
        return
    if a.knowledge.returns(f"{call.name.rpartition('.')[0]}.fetchone") is not None:
        a.state.env[path] = t.proven(t.tagged((cursor,), chosen_by), call.proof)


def call_library(a: Activation, call: Call) -> Value:
    """Call a library function; functions handed to it run too."""
    if decorated := _decorating(a, call):
        return decorated
    handed = handed_functions(a, call)
    value = library_check(a, call, a.program.libraries.call(a, call))
    note_statement(a, call)
    onward = next((v for v in call.given if any(isinstance(x.shape, t.Rest) for x in v)), None)
    if onward is not None and a.state is not None:
        return call_value(a, onward, (), {}, call.node)
    if a.state is None or not handed:
        return value
    returned = run_callbacks(a, call, handed)
    return returned if returned and all(isinstance(x.shape, t.Unknown) for x in value) else value


def _decorating(a: Activation, call: Call) -> Value:
    """``decorator(function)`` and ``factory(option)`` written as plain calls: the decorated function, or the decorator."""
    from threadly_lint.program.interpreter.wrappers import library_wrapped

    facts = a.knowledge.facts(call.name)
    if not any(f.kind == "decorator" and (not call.receiver or f.effect in PROTECTING) for f in facts):
        return ()
    function = next((v for v in call.args if any(_is_decorated(a, x) for x in v)), None)
    if function is None and any(isinstance(x.shape, t.Func) for x in call.keywords.get("callback", ())):
        return ()  # the function that it registers is there already
    if function is None:
        return (Atom(t.Partial(_callee(call), call.args, tuple(call.keywords.items()))),)
    return library_wrapped(a, call.name, function, (), call.keywords, call.node)


def _callee(call: Call) -> Value:
    leaf = call.name.rpartition(".")[2]
    return tuple(Atom(t.LibMethod(x, call.name, leaf)) for x in call.receiver) or t.lib(call.name)


def _is_decorated(a: Activation, atom: Atom) -> bool:
    shape = atom.shape
    return isinstance(shape, t.Func | t.Wrapped) or (
        isinstance(shape, t.Obj) and a.knowledge.fact(shape.name, "mount") is not None
    )


def _call_unknown(
    a: Activation, atom: Atom, args: tuple[Value, ...], keywords: dict[str, Value], node: n.Expr
) -> Value:
    """Nothing is known of the callee: its result carries the provenance of everything that went in.

    One that is handed the whole request (a plug-in chosen by a setting) may be what authenticates: a test of its result is
    a guard of unknown strength.
    """
    value = call_library(a, Call(a.module, "", (atom,), args, keywords, node))
    value = builtin_method(a, node, atom, args, value)
    if not any(_is_request(x) for v in (*args, *keywords.values()) for x in v):
        return value
    proof = frozenset({a.guard("unknown code that is given the request", node)._replace(strength="unknown")})
    return tuple(x if t.is_none(x) else x._replace(proof=x.proof or proof) for x in value)


def _is_request(atom: Atom) -> bool:
    shape = atom.shape
    return isinstance(shape, t.Obj) and shape.name.rpartition(".")[2] in REQUEST_CLASSES
