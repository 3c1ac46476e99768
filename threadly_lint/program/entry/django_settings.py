"""Django settings: which modules hold them, which URL configuration they name, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadly_lint.program.entry.registrations import texts_of
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.types import Atom, Value
from threadly_lint.program.symbols.names import Class, Module
from threadly_lint.skeleton import nodes as n
from threadly_lint.skeleton.walk import walk

if TYPE_CHECKING:
    from threadly_lint.program.program import Program

DEPLOYED = ("wsgi", "asgi")
TELLING = ("MIDDLEWARE", "REST_FRAMEWORK")


@dataclass(frozen=True, eq=False)
class Settings:
    """The settings of one Django project: the module that counts first, then modules that it builds on."""

    program: Program
    modules: tuple[Module, ...]

    def value(self, name: str) -> Value:
        """What a setting is; all that it may be when modules build it up. Empty when nobody sets it."""
        return next((v for m in self.modules if (v := setting(self.program, m, name))), ())

    def texts(self, name: str) -> list[str]:
        """The strings of a list setting, in order, those that are added or inserted later included."""
        return list(dict.fromkeys(texts_of(self.value(name))))

    def entry(self, name: str, key: str) -> Value:
        """One entry of a dict setting."""
        found = (dict(x.shape.entries).get(key, ()) for x in self.value(name) if isinstance(x.shape, t.Map))
        return t.join(*found)

    def named(self, text: str) -> Value:
        """The module, class or function that a dotted path in the settings names."""
        return named(self.program, self.modules[0], text)


def named(program: Program, importer: Module, text: str) -> Value:
    """What a dotted path stands for, as seen from a module."""
    owner, _, name = text.rpartition(".")
    for atom in program.bindings.import_name(importer, owner) if owner else ():
        if isinstance(atom.shape, t.ModuleRef):
            return program.bindings.module_attribute(atom.shape.module, name)
    return program.bindings.import_name(importer, text)


def all_settings(program: Program) -> list[tuple[Module | None, Settings]]:
    """Each root URL configuration of the project with its settings; tests' own settings only when there are no others.

    Where no module of the project is named as the root, one entry has what settings there are.
    """
    key = "django settings"
    if key not in program.memo:
        program.memo[key] = list(_all_settings(program))
    found: list[tuple[Module | None, Settings]] = program.memo[key]
    return found


def is_atomic(settings: Settings) -> bool:
    """Whether the default database wraps each request in a transaction."""
    default = settings.entry("DATABASES", "default")
    flags = [dict(x.shape.entries).get("ATOMIC_REQUESTS", ()) for x in default if isinstance(x.shape, t.Map)]
    return any(True in t.constants(flag) for flag in flags) or any(map(_makes_atomic, settings.modules))


def _makes_atomic(module: Module) -> bool:
    """Whether a module says ``DATABASES["default"]["ATOMIC_REQUESTS"] = True`` of a database that is read from elsewhere."""
    return any(
        isinstance(s, n.Assign)
        and isinstance(s.value, n.Constant)
        and (s.value.kind, s.value.value) == ("bool", "True")
        and any(_subscripts(target) == ["DATABASES", "default", "ATOMIC_REQUESTS"] for target in s.targets)
        for s in module.skeleton.body
    )


def _subscripts(node: n.Expr) -> list[object]:
    """The name and the literal keys in ``name[key][key]``."""
    if isinstance(node, n.Subscript):
        return [*_subscripts(node.value), node.index.value if isinstance(node.index, n.Constant) else None]
    return [node.id if isinstance(node, n.Name) else None]


def _all_settings(program: Program) -> Iterator[tuple[Module | None, Settings]]:
    chosen = _chosen_modules(program)
    definers = [m for m in program.modules.values() if m.skeleton.body and _own(program, m, "ROOT_URLCONF")]
    candidates = [*(m for m in chosen if setting(program, m, "ROOT_URLCONF")), *definers]
    real = [m for m in candidates if not program.project.is_exempt(m.path)]
    groups: dict[str, tuple[Module, list[Module]]] = {}
    for module in dict.fromkeys(real or candidates):
        for text in texts_of(setting(program, module, "ROOT_URLCONF")):
            for atom in program.bindings.import_name(module, text):
                if isinstance(atom.shape, t.ModuleRef):
                    root = atom.shape.module
                    groups.setdefault(root.path, (root, []))[1].append(module)
    for root, modules in groups.values():
        yield root, Settings(program, tuple(modules))
    if not groups:
        loose = [m for m in program.modules.values() if any(_own(program, m, name) for name in TELLING)]
        if loose:
            yield (
                None,
                Settings(program, tuple(m for m in loose if not program.project.is_exempt(m.path)) or tuple(loose)),
            )


def _chosen_modules(program: Program) -> list[Module]:
    """Modules that ``DJANGO_SETTINGS_MODULE`` is set to, those of deployed entry scripts first."""
    found: list[tuple[bool, Module]] = []
    for call, module, _ in program.calls_named("setdefault"):
        texts = [a.value for a in call.args if isinstance(a, n.Constant) and a.kind == "str"]
        if len(texts) == 2 and texts[0] == "DJANGO_SETTINGS_MODULE":
            is_minor = module.name.rpartition(".")[2] not in DEPLOYED
            shapes = [x.shape for x in program.bindings.import_name(module, texts[1])]
            found += [(is_minor, s.module) for s in shapes if isinstance(s, t.ModuleRef)]
    return [module for _, module in sorted(found, key=lambda x: x[0])]


def setting(program: Program, module: Module, name: str, depth: int = 6) -> Value:
    """A setting as a module has it: its own value, together with what it builds on where it only adds to it."""
    own = _own(program, module, name)
    if own and not _builds_on(module, name):
        return own
    inherited: list[Value] = []
    for statement in module.stars if depth else ():
        source: str | None = statement.module
        if statement.level:
            source = program.project.resolve_relative(module.file, statement.level, statement.module)
        shapes = [x.shape for x in program.bindings.import_name(module, source)] if source else []
        sources = [s.module for s in shapes if isinstance(s, t.ModuleRef) and s.module is not module]
        inherited += [setting(program, m, name, depth - 1) for m in sources]
    return t.join(*(v for v in inherited if v), own)


def _own(program: Program, module: Module, name: str) -> Value:
    value = program.bindings.module_attribute(module, name) if name in module.scope else ()
    for info in module.classes() if name not in module.scope else ():
        if program.hierarchy.inherits(info, "configurations.Configuration"):
            value = t.join(value, program.hierarchy.class_attribute(info, name)[1])
    added = [_added(program, module, name)] if name in module.scope else []
    return t.join(*(v for v in (value, *added) if v and not all(isinstance(x.shape, t.Unknown) for x in v)))


def _added(program: Program, module: Module, name: str) -> Value:
    """Items that ``NAME.insert(0, item)``, ``NAME.append(item)`` put in."""
    key = ("added to settings", module.path)
    if key not in program.memo:
        program.memo[key] = _additions(module)
    texts = program.memo[key].get(name, [])
    return (Atom(t.Seq("list", tuple(texts))),) if texts else ()


def _additions(module: Module) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for node in walk(*module.skeleton.body):
        if not isinstance(node, n.Call) or not isinstance(node.func, n.Attribute) or not node.args:
            continue
        target, item = node.func.value, node.args[-1]
        if node.func.attr not in ("insert", "append") or not isinstance(target, n.Name):
            continue
        if isinstance(item, n.Constant) and item.kind == "str":
            found.setdefault(target.id, []).append(t.const(item.value))
    return found


def _builds_on(module: Module, name: str) -> bool:
    """Whether all that a module says about a name adds to what it had before."""
    for binding in module.scope.get(name, ()):
        node = binding.node
        if isinstance(node, n.Assign) and node.value is not None:
            if not any(isinstance(x, n.Name) and x.id == name for x in walk(node.value)):
                return False
        elif not isinstance(node, n.AugAssign):
            return False
    return True


def user_model(program: Program) -> Class | None:
    """The project's own user model, if the settings name one."""
    for _, settings in all_settings(program):
        for text in settings.texts("AUTH_USER_MODEL"):
            label, _, name = text.rpartition(".")
            matching = [c for c in program.classes if c.name == name and program.models.is_model(c)]
            near = [c for c in matching if label and label in c.module.name.split(".")]
            if near or matching:
                return (near or matching)[0]
    return None
