"""The value of ``value.name``, whatever the value may be."""

from __future__ import annotations

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.callers import claim, dereferenced
from threadly_lint.program.interpreter.class_decorators import method_decorators
from threadly_lint.program.interpreter.interfaces import implementations, only_annotated
from threadly_lint.program.interpreter.marks import is_markable, mark
from threadly_lint.program.interpreter.receivers import inferred_receiver
from threadly_lint.program.interpreter.relations import field_value, managed, may_be_null, reverse_value
from threadly_lint.program.interpreter.request_data import checked_tags, is_raw
from threadly_lint.program.interpreter.types import Atom, Tag, Value
from threadly_lint.program.symbols.names import Class, Function
from threadly_lint.skeleton import nodes as n

REQUEST_STATE = ("flask.g", "quart.g")
"""Objects on which code that cannot be seen keeps what it knows about the caller."""
AUTHENTICATED = {"is_authenticated": True, "is_anonymous": False}
ERROR_TEXTS = frozenset(
    """args body description detail errors message messages msg orig output reason response stderr stdout
    strerror text with_traceback""".split()
)
"""What of an exception is its text. Other attributes are data: a code, a position, the rows that are in the way."""


def attribute(a: Activation, value: Value, name: str, node: n.Expr) -> Value:
    """All that ``name`` may be on the alternatives of ``value``; None and other alternatives without it drop out."""
    from threadly_lint.program.interpreter.expressions import path_of

    dereferenced(a, value, name, node, path_of(node.value) if isinstance(node, n.Attribute) else None)
    found = t.join(*(_of_atom(a, atom, name, node) for atom in _having(a, value, name)))
    return found or (t.unknown(t.tags_of(value)) if value else t.ANYTHING)


def _having(a: Activation, value: Value, name: str) -> Value:
    """The alternatives that can have the attribute: where one is known to, plain objects that are not drop out."""
    if len(value) < 2 or not any(_has(a, atom, name) for atom in value):
        return value
    return t.keep(value, lambda x: not isinstance(x.shape, t.Obj | t.Const) or t.is_none(x) or _has(a, x, name))


def _has(a: Activation, atom: Atom, name: str) -> bool:
    shape = atom.shape
    if isinstance(shape, t.Inst):
        return a.program.hierarchy.has_attribute(shape, name)
    if isinstance(shape, t.Obj):
        plain = {"str": str, "int": int, "bytes": bytes}.get(shape.name)
        known = hasattr(plain, name) if plain is not None else a.knowledge.is_known(f"{shape.name}.{name}")
        return known or any(name == k for k, _ in shape.attrs)
    return isinstance(shape, t.Const) and not t.is_none(atom) and hasattr(type(shape.value), name)


def _of_atom(a: Activation, atom: Atom, name: str, node: n.Expr) -> Value:
    match atom.shape:
        case t.ModuleRef(module):
            return a.program.bindings.module_attribute(module, name)
        case t.Namespace(package, importer):
            return a.program.bindings.import_name(importer, f"{package}.{name}")
        case t.Lib(owner):
            return _of_lib(a, atom, owner, name, node)
        case t.Obj() as shape:
            return _of_object(a, _without_text(atom, shape, name), shape, name, node)
        case t.ClassRef(info):
            return class_attribute(a, atom, info, name, node)
        case t.Inst() as shape:
            return t.proven(instance_attribute(a, atom, shape, name, node), atom.proof)
        case t.Super(info, receiver):
            return _of_super(a, info, receiver, name, node)
        case t.Wrapped(inner, by, _):
            return _of_wrapped(a, atom, inner, by, name, node)
        case t.Func() | t.Rest() if is_markable(a.program, (atom,), name):
            return mark(a.program, (atom,), name) or t.ANYTHING
        case t.Const(kind, _) if name == "value" and kind != "None":
            return (atom,)  # a literal with a value is the member of an enumeration
        case t.Const(kind, _) if kind == "str":
            return (Atom(t.LibMethod(atom, f"str.{name}", name), atom.tags, atom.proof),)
        case t.Const():
            return ()
        case t.Partial(func, _, _) if all(isinstance(x.shape, t.Lib) for x in func):
            return attribute(a, a.program.libraries.instances(func), name, node)
        case t.Seq() | t.Map():
            return (Atom(t.LibMethod(atom, f"{_container(atom)}.{name}", name), atom.tags, atom.proof),)
    return _of_unknown(a, atom, name, node)


def _container(atom: Atom) -> str:
    return "dict" if isinstance(atom.shape, t.Map) else "list"


def _of_unknown(a: Activation, atom: Atom, name: str, node: n.Expr) -> Value:
    """``is_authenticated`` is a protocol of its own, whatever carries it."""
    if name in AUTHENTICATED:
        return authenticated_flag(a, atom, name, node)
    if a.program.runner.asks and (receiver := inferred_receiver(a, name, node)):
        return attribute(a, t.proven(t.tagged(receiver, atom.tags), atom.proof), name, node)
    return t.unknown(atom.tags, atom.proof)


def authenticated_flag(a: Activation, atom: Atom, name: str, node: n.Expr) -> Value:
    proof = frozenset({a.guard(f"`{name}`", node)})
    tags = atom.tags | {Tag("identity", name)}
    yes, no = (t.TRUE, t.FALSE) if AUTHENTICATED[name] else (t.FALSE, t.TRUE)
    return (*t.proven(t.tagged(yes, tags), proof), *t.tagged(no, tags))


def _of_lib(a: Activation, atom: Atom, owner: str, name: str, node: n.Expr) -> Value:
    dotted = a.knowledge.canonical(f"{owner}.{name}")
    constant = a.knowledge.constant(dotted)
    if constant is not None:
        return t.const(constant)
    if found := a.program.libraries.member(a, atom, owner, name, node):
        only = found[0].shape
        if len(found) == 1 and isinstance(only, t.LibMethod) and _is_plain(a, owner):
            return t.tagged(a.program.bindings.library(dotted), atom.tags)
        return found
    if found := a.program.behaviour.shared_slot(a, atom, name):
        return found
    if owner in REQUEST_STATE:
        return t.unknown(frozenset({Tag("identity", dotted)}))
    return t.tagged(a.program.bindings.library(dotted), atom.tags)


def _is_plain(a: Activation, owner: str) -> bool:
    """Whether ``owner`` is a module or class (its members are functions) and no ready-made object."""
    return a.knowledge.attr(owner) is None


def _without_text(atom: Atom, shape: t.Obj, name: str) -> Atom:
    """A caught exception of a library from which only data is taken."""
    if name in ERROR_TEXTS or not shape.name.rpartition(".")[2][:1].isupper():
        return atom
    return atom._replace(tags=frozenset(x for x in atom.tags if x.kind != "exception"))


def _of_scope(shape: t.Obj, name: str) -> Value:
    """The method of a request that was made from an ASGI scope."""
    args = shape.made.args if shape.made is not None and name == "method" else ()
    held = args[0][0].shape if args and len(args[0]) == 1 else None
    return dict(held.entries).get(name, ()) if isinstance(held, t.Map) else ()


def _of_object(a: Activation, atom: Atom, shape: t.Obj, name: str, node: n.Expr) -> Value:
    given = dict(shape.attrs).get(name) or _of_scope(shape, name)
    if given:
        return t.tagged(given, atom.tags)
    if found := a.program.libraries.member(a, atom, shape.name, name, node):
        return found
    if found := a.program.behaviour.shared_slot(a, atom, name):
        return t.tagged(found, atom.tags)
    lib_class = a.knowledge.class_of(shape.name)
    if lib_class is not None and lib_class.field is not None:
        return t.tagged(a.program.libraries.typed(lib_class.field, (atom,)), atom.tags)
    if name in AUTHENTICATED:
        return authenticated_flag(a, atom, name, node)
    if shape.name == "str":
        return (Atom(t.LibMethod(atom, f"str.{name}", name), atom.tags, atom.proof),)
    return (Atom(t.LibMethod(atom, f"{shape.name}.{name}", name), atom.tags, atom.proof),)


def _of_wrapped(a: Activation, atom: Atom, inner: Value, by: str, name: str, node: n.Expr) -> Value:
    """A decorated function may have grown methods (``task.delay``)."""
    returns = a.knowledge.returns(by)
    if method := _of_task_class(a, inner, name):
        return method
    if returns is not None and (found := a.program.libraries.member(a, atom, returns.name, name, node)):
        return found
    return attribute(a, inner, name, node) if inner else ()


def _of_task_class(a: Activation, inner: Value, name: str) -> Value:
    """A method of the project's class that ``@app.task(base=...)`` names; Celery's ``delay`` is its ``apply_async``."""
    for function in (x.shape.info for x in inner if isinstance(x.shape, t.Func)):
        calls = (d for d in function.decorators if isinstance(d, n.Call))
        for base in (k.value for d in calls for k in d.keywords if k.name == "base"):
            for found in _task_classes(a, function, base):
                _, method = a.program.hierarchy.class_attribute(found, "apply_async" if name == "delay" else name)
                if method:
                    return tuple(_bound(a, x, (Atom(t.Inst(found)),)) for x in method)
    return ()


def _task_classes(a: Activation, function: Function, base: n.Expr) -> list[Class]:
    from threadly_lint.program.entry.registrations import scope_in
    from threadly_lint.program.interpreter.expressions import evaluate

    found = evaluate(scope_in(a.program, function.module, function.parent), base)
    return [x.shape.info for x in found if isinstance(x.shape, t.ClassRef)]


# Project classes -----------------------------------------------------------------------------------------------------------------


def class_attribute(a: Activation, atom: Atom, info: Class, name: str, node: n.Expr) -> Value:
    """``Class.name``: found along the resolution order, library bases included."""
    if name in ("__name__", "__qualname__"):
        return t.const(info.name)
    for base in a.program.hierarchy.mro(info):
        if isinstance(base, str):
            if found := a.program.libraries.member(a, atom, base, name, node, self_type=(atom,)):
                return found
        elif name in base.scope:
            found = _bind_class(a, atom, a.program.hierarchy.own_class_attribute(base, name))
            if a.program.models.is_model(info):
                return managed(a.program, info, found, name)
            return _put_there(a, info, name, found)
    return _of_metaclass(a, atom, info, name, node) or t.unknown(atom.tags)


def _of_metaclass(a: Activation, atom: Atom, info: Class, name: str, node: n.Expr) -> Value:
    """What a class has from its metaclass: methods bound to it, properties run."""
    from threadly_lint.program.interpreter.calls import call_value

    for maker in a.program.hierarchy.metaclasses(info):
        owner, found = a.program.hierarchy.class_attribute(maker, name)
        if owner is not None:
            bound = [(_bound(a, x, (atom,)), a.program.is_property(x)) for x in found]
            return t.join(*(call_value(a, (x,), (), {}, node) if runs else (x,) for x, runs in bound))
    return ()


def _put_there(a: Activation, info: Class, name: str, value: Value) -> Value:
    """What other functions put into an attribute for which its own class has nothing but None."""
    is_empty = value and all(map(t.is_none, value))
    return t.join(value, a.program.slots.placed(info, name)) if is_empty else value


def _bind_class(a: Activation, atom: Atom, value: Value) -> Value:
    return tuple(_bound(a, x, (atom,)) if a.program.is_class_method(x) else x for x in value)


def instance_attribute(a: Activation, atom: Atom, shape: t.Inst, name: str, node: n.Expr) -> Value:
    """``instance.name``: set on this very instance, by its constructor, in its class, or by other methods."""
    if name == "__class__":
        return (Atom(t.ClassRef(shape.info)),)
    given = dict(shape.keywords).get(f".{name}")
    if given is not None:
        return given
    own = a.program.hierarchy.instance_stores(shape).get(name)
    found = class_value(a, atom, shape.info, name, node)
    if own is None and found is None and name in AUTHENTICATED:
        return authenticated_flag(a, atom, name, node)
    if own is None and found is None and a.program.models.is_model(shape.info):
        own = reverse_value(a.program, shape.info, name) or None
    if own is None and (found is None or only_annotated(a.program, shape.info, name)):
        own = a.program.hierarchy.method_stores(shape.info, name) or None
    if own is None and found and all(map(t.is_none, found)) and _is_being_set(a, shape.info, name):
        own = t.unknown()
    value = t.join(own or (), found or ()) if own is None or found is None else own
    if not a.program.models.is_model(shape.info):
        value = _put_there(a, shape.info, name, value)
    value = t.tagged(value, claim(atom, t.const(name)))
    if value and own and (shape.args or shape.keywords):
        tags = frozenset(x for x in atom.tags if x.kind != "request")
    else:
        tags = _inherited(a, shape, atom.tags, is_found=bool(value))
    return (
        t.proven(t.tagged(value, tags), atom.proof)
        if value
        else t.unknown(tags | claim(atom, t.const(name)), atom.proof)
    )


def _is_being_set(a: Activation, info: Class, name: str) -> bool:
    """Whether the constructor, which is still running when nothing is known from it, sets the attribute."""
    init = a.program.hierarchy.constructor(info)
    return init is not None and init.owner is not None and init.node in init.owner.names_stored.get(name, ())


def _inherited(a: Activation, shape: t.Inst, tags: t.Tags, *, is_found: bool) -> t.Tags:
    """Provenance that an attribute has from its object: what a row or code that cannot be seen gives is no raw data."""
    if not any(map(is_raw, tags)):
        return tags
    may_check = a.program.models.is_model(shape.info) or (not is_found and not a.program.hierarchy.closed(shape.info))
    return checked_tags(tags) if may_check else tags


def class_value(a: Activation, atom: Atom, info: Class, name: str, node: n.Expr) -> Value | None:
    """What an instance finds in its class: methods bound, properties run, columns as fields."""
    behind = implementations(a.program, info, name) if isinstance(atom.shape, t.Inst) else None
    if behind is not None:
        found = (class_value(a, atom._replace(shape=t.Inst(c)), c, name, node) or () for c in behind)
        return t.join(*found) or t.unknown(atom.tags)
    return value_along(a, atom, a.program.hierarchy.mro(info), name, node)


def value_along(a: Activation, atom: Atom, order: list[Class | str], name: str, node: n.Expr) -> Value | None:
    """What the first class in ``order`` that has ``name`` gives an instance, behind what class decorators put around it."""
    for position, base in enumerate(order):
        if isinstance(base, str):
            if found := _library_member(a, atom, base, name, node):
                return found
            continue
        decorators = method_decorators(a.program, base).get(name)
        if name in base.scope:
            value = a.program.hierarchy.own_class_attribute(base, name)
            found = t.join(*(_bound_or_run(a, x, atom, base, name, node) for x in value))
            return _decorated(a, decorators, found, node) if decorators else found
        if decorators:
            return _decorated(a, decorators, value_along(a, atom, order[position + 1 :], name, node), node)
    return None


def _decorated(a: Activation, decorators: list[Value], value: Value | None, node: n.Expr) -> Value | None:
    from threadly_lint.program.interpreter.wrappers import behind_all

    for decorator in decorators if value else ():
        value = behind_all(a, decorator, value or (), node)
    return value


def _library_member(a: Activation, atom: Atom, base: str, name: str, node: n.Expr) -> Value:
    return a.program.libraries.member(a, atom, base, name, node, self_type=(atom,))


def _bound_or_run(a: Activation, found: Atom, atom: Atom, base: Class, name: str, node: n.Expr) -> Value:
    if a.program.is_static_method(found):
        return (found,)
    if a.program.is_class_method(found):
        assert isinstance(atom.shape, t.Inst)
        return (_bound(a, found, (Atom(t.ClassRef(atom.shape.info)),)),)
    if a.program.is_property(found):
        from threadly_lint.program.interpreter.calls import call_value

        return call_value(a, (_bound(a, found, (atom,)),), (), {}, node)
    if isinstance(found.shape, t.Obj):
        owner = atom.shape.info if isinstance(atom.shape, t.Inst) else base
        shown = field_value(a.program, owner, found)
        return t.maybe((found,) if shown is None else shown) if may_be_null(found) else shown or (found,)
    return (_bound(a, found, (atom,)),)


def _bound(a: Activation, found: Atom, receiver: Value) -> Atom:
    shape = found.shape
    if isinstance(shape, t.Func) and not shape.bound:
        return found._replace(shape=shape._replace(bound=receiver))
    if isinstance(shape, t.Wrapped):
        return found._replace(shape=shape._replace(inner=tuple(_bound(a, x, receiver) for x in shape.inner)))
    return found


def operator_method(a: Activation, value: Value, name: str, node: n.Expr) -> Value:
    """The project's method behind an operator on instances, or on classes through their metaclass."""
    found: list[Value] = []
    for atom in value:
        shape = atom.shape
        makers: tuple[Class, ...] = (shape.info,) if isinstance(shape, t.Inst) else ()
        if isinstance(shape, t.ClassRef):
            makers = a.program.hierarchy.metaclasses(shape.info)
        for maker in makers:
            owner, method = a.program.hierarchy.class_attribute(maker, name)
            if owner is not None:
                found.append(tuple(_bound(a, x, (atom,)) for x in method))
                break
    return t.join(*found)


def _of_super(a: Activation, info: Class, receiver: Value, name: str, node: n.Expr) -> Value:
    found: list[Value] = []
    for atom in receiver:
        shape = atom.shape
        cls = shape.info if isinstance(shape, t.Inst | t.ClassRef) else info
        order = a.program.hierarchy.mro(cls)
        rest = order[order.index(info) + 1 :] if info in order else a.program.hierarchy.mro(info)[1:]
        for base in rest:
            if isinstance(base, str):
                if value := a.program.libraries.member(a, atom, base, name, node, self_type=(atom,)):
                    found.append(value)
                    break
            elif name in base.scope:
                value = a.program.hierarchy.own_class_attribute(base, name)
                found.append(tuple(_bound(a, x, (atom,)) for x in value))
                break
    return t.join(*found)
