"""Pyramid's permissions: what a policy and the context's access control list let anonymous callers do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from threadly_lint.program.entry.entry_points import Rest, Step, handler_node
from threadly_lint.program.entry.registrations import Registration, items_of, texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.activation import Activation
from threadly_lint.program.interpreter.attributes import attribute
from threadly_lint.program.interpreter.calls import call_value
from threadly_lint.program.interpreter.containers import fixed_items
from threadly_lint.program.interpreter.types import Guard, Value
from threadly_lint.skeleton import nodes as n

ALLOWED, DENIED = "pyramid.authorization.Allowed", "pyramid.authorization.Denied"
EVERYONE, ALL, NONE_REQUIRED = "system.Everyone", "__all_permissions__", "__no_permission_required__"


@dataclass(eq=False)
class Security:
    """What the configuration says of permissions; ``policy`` holds objects, ``demanded`` tells whether there is one at all."""

    demanded: bool = False
    policy: Value = ()
    default: Value = ()
    factory: Value = ()

    def hear(self, leaf: str, r: Registration) -> None:
        """Take note of a configuring call, or of the configurator's own arguments."""
        if leaf == "set_default_permission":
            self.default = r.argument(0, "permission")
        elif leaf == "set_root_factory":
            self.factory = r.argument(0, "factory")
        elif leaf == "Configurator":
            self.default = r.argument(-1, "default_permission") or self.default
            self.factory = r.argument(-1, "root_factory") or self.factory
            self._take(r.argument(-1, "security_policy"), r.argument(-1, "authorization_policy"))
        else:
            self._take(r.argument(0, "policy"))

    def _take(self, *policies: Value) -> None:
        self.demanded |= any(policies)
        self.policy = t.join(self.policy, *policies)


def permission_step(security: Security, declared: Value, factory: Value, request: Value) -> Step:
    """The check before a view: its own permission or the default one, unless it says that none is required."""

    def step(a: Activation, rest: Rest) -> Value:
        permission = t.keep(declared, lambda x: not t.is_none(x)) or security.default
        if permission and NONE_REQUIRED not in t.constants(permission):
            _check(a, security, permission, factory or security.factory, request)
        return rest(a) if a.state is not None else ()

    return step


def _check(a: Activation, security: Security, permission: Value, factory: Value, request: Value) -> None:
    label = f"permission `{t.text_of(permission) or '...'}`"
    if not security.demanded:
        a.prove(frozenset({Guard(label, strength="unknown")}))
    elif not _decided(a, security.policy, permission, request) and not _open_to_all(a, factory, permission, request):
        a.prove(frozenset({Guard(label)}))


def _decided(a: Activation, policy: Value, permission: Value, request: Value) -> bool:
    """Whether a policy of the project decides by itself; what its consent proves is proven then."""
    own = tuple(
        x for x in policy if isinstance(x.shape, t.Inst) and a.program.hierarchy.has_attribute(x.shape, "permits")
    )
    if not own or (len(own) < len(policy) and any(isinstance(x.shape, t.Inst) for x in policy if x not in own)):
        return False
    node = n.Name(n.NOWHERE, "permits")
    value = call_value(a, attribute(a, own, "permits", node), (request, t.ANYTHING, permission), {}, node)
    consent = [x for x in value if t.truthiness(x) is not False and not _is(x, DENIED)]
    if a.state is None or not consent or not all(isinstance(x.shape, t.Const) or _is(x, ALLOWED) for x in consent):
        return False
    a.prove(t.common_proof(consent))
    return True


def _is(atom: t.Atom, name: str) -> bool:
    return isinstance(atom.shape, t.Obj | t.Lib) and atom.shape.name == name


def _open_to_all(a: Activation, factory: Value, permission: Value, request: Value) -> bool:
    """Whether the list of the context grants the permission to everyone before anything denies it."""
    wanted = set(texts_of(permission))
    for action, principal, permissions in _entries(a, factory, request):
        if permissions and wanted.isdisjoint(permissions) and ALL not in permissions:
            continue
        if principal == EVERYONE:
            return action == "Allow"
    return False


def _entries(a: Activation, factory: Value, request: Value) -> Iterator[tuple[str, str, list[str]]]:
    """The entries of ``__acl__`` as action, principal and permissions."""
    node = handler_node(a.function)
    quiet = Activation(a.program, a.function, {})
    context = call_value(quiet, factory, (request,), {}, node) if factory else ()
    acl = attribute(quiet, context, "__acl__", node) if context and quiet.state is not None else ()
    if any(isinstance(x.shape, t.Func) for x in acl):
        acl = call_value(quiet, acl, (), {}, node)
    for item in items_of(acl):
        parts = fixed_items(item)
        if parts is not None and len(parts) == 3:
            yield t.text_of(parts[0]) or "", t.text_of(parts[1]) or "", texts_of(parts[2])
