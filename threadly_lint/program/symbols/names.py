"""Modules, classes and functions of the project, and what a name in them is bound to.

Scopes are flow-insensitive at module and class level: a name is every definition that it may have had there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Span

if TYPE_CHECKING:
    from threadly_lint.project import SourceFile


class Binding(NamedTuple):
    """One way in which a name gets its meaning in a scope.

    ``node`` is the statement; for imports, ``alias`` is the part of it that binds the name.
    """

    node: n.Stmt | n.WithItem
    alias: n.Alias | None = None


class Assignment(NamedTuple):
    """Variables, the expression that they are given, and the variables that it mentions."""

    targets: frozenset[str]
    value: n.Expr
    used: frozenset[str]


Scope = dict[str, list[Binding]]
Place = tuple[int, int]
"""Line (1-based) and column, as spans of nodes have them."""
SKETCH = "sketch:"


class Module:
    """One file of the project."""

    __slots__ = (
        "_classes", "_development", "_functions", "_rebinding", "body", "file", "name", "path", "scope", "skeleton", "stars"
    )  # fmt: skip

    def __init__(self, file: SourceFile, skeleton: n.Skeleton) -> None:
        self.file = file
        self.path = file.path
        self.name = file.module
        self.skeleton = skeleton
        self.scope: Scope = {}
        self.stars: list[n.ImportFrom] = []
        self._functions: dict[int, Function] = {}
        self._classes: dict[int, Class] = {}
        self._rebinding: frozenset[str] | None = None
        self._development: tuple[tuple[Place, Place], ...] | None = None
        self.body = Function(self, module_body(skeleton), None, None)
        collect_bindings(skeleton.body, self.scope, self.stars)

    def __repr__(self) -> str:
        return f"<module {self.name}>"

    @property
    def is_sketch(self) -> bool:
        """Whether this is library code in outline and no file of the project."""
        return self.path.startswith(SKETCH)

    @property
    def is_migration(self) -> bool:
        """Whether this is one step in the history of a schema, as Alembic writes them."""
        return {"revision", "down_revision", "upgrade"} <= self.scope.keys()

    @property
    def exported(self) -> frozenset[str] | None:
        """The names in ``__all__`` when it is one literal list."""
        bindings = self.scope.get("__all__", ())
        if len(bindings) != 1 or not isinstance(bindings[0].node, n.Assign):
            return None
        value = bindings[0].node.value
        if not isinstance(value, n.Sequence):
            return None
        return frozenset(item.value for item in value.items if isinstance(item, n.Constant))

    @property
    def rebound(self) -> frozenset[str]:
        """Global names that some function assigns (``global name``): their literal values are not final."""
        if self._rebinding is None:
            from threadly_lint.skeleton.walk import walk

            scopes = (x for s in self.skeleton.body for x in walk(s) if isinstance(x, n.Scope) and x.kind == "global")
            self._rebinding = frozenset(name for scope in scopes for name in scope.names)
        return self._rebinding

    def function(self, node: n.Function | n.Lambda, parent: Function | None, owner: Class | None) -> Function:
        """The one ``Function`` of a definition in this module."""
        found = self._functions.get(id(node))
        if found is None:
            found = self._functions[id(node)] = Function(self, node, parent, owner)
        return found

    def class_(self, node: n.Class, parent: Function | Class | None) -> Class:
        """The one ``Class`` of a definition in this module."""
        found = self._classes.get(id(node))
        if found is None:
            found = self._classes[id(node)] = Class(self, node, parent)
        return found

    def functions(self) -> Iterator[Function]:
        """Every function of the module: top level, methods and nested ones, in source order."""
        yield from self._functions_in(self.skeleton.body, None, None)

    def _functions_in(self, body: Iterable[n.Stmt], parent: Function | None, owner: Class | None) -> Iterator[Function]:
        for statement in definitions(body):
            if isinstance(statement, n.Function):
                function = self.function(statement, parent, owner)
                yield function
                yield from self._functions_in(statement.body, function, None)
            else:
                inner = self.class_(statement, owner or parent)
                yield from self._functions_in(statement.body, parent, inner)

    def classes(self) -> Iterator[Class]:
        """Every class of the module, nested ones and those inside functions too."""
        yield from self._classes_in(self.skeleton.body, None)

    def _classes_in(self, body: Iterable[n.Stmt], parent: Function | Class | None) -> Iterator[Class]:
        for statement in definitions(body):
            if isinstance(statement, n.Class):
                found = self.class_(statement, parent)
                yield found
                yield from self._classes_in(statement.body, found)
            else:
                owner = parent if isinstance(parent, Class) else None
                outer = parent if isinstance(parent, Function) else None
                function = self.function(statement, outer, owner)
                yield from self._classes_in(statement.body, function)


def module_body(skeleton: n.Skeleton) -> n.Function:
    """The top level of a file as a function, so that module-level code runs like any other."""
    empty = n.Parameters(n.NOWHERE, ())
    return n.Function(n.NOWHERE, "<module>", n.NOWHERE, empty, skeleton.body, (), None, False, False)


class Class:
    """A class of the project."""

    __slots__ = ("_stored", "module", "node", "parent", "qualname", "scope")

    def __init__(self, module: Module, node: n.Class, parent: Function | Class | None) -> None:
        self.module = module
        self.node = node
        self.parent = parent
        self.qualname: str = f"{parent.qualname}.{node.name}" if parent else node.name
        self.scope: Scope = {}
        self._stored: dict[str, list[n.Function]] | None = None
        collect_bindings(node.body, self.scope, [])

    def __repr__(self) -> str:
        return f"<class {self.symbol}>"

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def symbol(self) -> str:
        """Module and qualified name, joined by a dot."""
        return f"{self.module.name}.{self.qualname}" if self.module.name else self.qualname

    @property
    def path(self) -> str:
        return self.module.path

    @property
    def span(self) -> Span:
        """The place of the class's name."""
        return Span(*self.node.name_span)

    @property
    def names_stored(self) -> dict[str, list[n.Function]]:
        """Attributes that methods set on their first parameter, and the methods that do."""
        if self._stored is None:
            self._stored = {}
            for method in self.method_nodes():
                for name in dict.fromkeys(_stored_names(method)):
                    self._stored.setdefault(name, []).append(method)
        return self._stored

    def method_nodes(self) -> Iterator[n.Function]:
        """Method definitions in source order."""
        return (s for s in definitions(self.node.body) if isinstance(s, n.Function))


class Function:
    """A function, method or lambda of the project."""

    __slots__ = (
        "_assignments",
        "_free",
        "_globals",
        "_holders",
        "_locals",
        "module",
        "node",
        "owner",
        "parent",
        "qualname",
    )

    def __init__(
        self, module: Module, node: n.Function | n.Lambda, parent: Function | None, owner: Class | None
    ) -> None:
        self.module = module
        self.node = node
        self.parent = parent
        self.owner = owner
        outer = owner or parent
        self.qualname: str = f"{outer.qualname}.{self.name}" if outer else self.name
        self._free: frozenset[str] | None = None
        self._globals: frozenset[str] | None = None
        self._locals: frozenset[str] | None = None
        self._assignments: list[Assignment] | None = None
        self._holders: dict[int, frozenset[str]] | None = None

    def __repr__(self) -> str:
        return f"<function {self.symbol}>"

    @property
    def name(self) -> str:
        return self.node.name if isinstance(self.node, n.Function) else "<lambda>"

    @property
    def symbol(self) -> str:
        """Module and qualified name, joined by a dot."""
        return f"{self.module.name}.{self.qualname}" if self.module.name else self.qualname

    @property
    def path(self) -> str:
        return self.module.path

    @property
    def span(self) -> Span:
        """The place of the function's name (of the whole lambda)."""
        return Span(*self.name_span)

    @property
    def name_span(self) -> n.Span:
        return self.node.name_span if isinstance(self.node, n.Function) else self.node.span

    @property
    def params(self) -> tuple[n.Parameter, ...]:
        return self.node.params.items

    @property
    def decorators(self) -> tuple[n.Expr, ...]:
        return self.node.decorators if isinstance(self.node, n.Function) else ()

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, n.Function) and self.node.is_async

    @property
    def globals_declared(self) -> frozenset[str]:
        """Names that ``global`` statements in the body (nested functions included) declare."""
        if self._globals is None:
            from threadly_lint.skeleton.walk import walk

            scopes = (s for s in walk(self.node) if isinstance(s, n.Scope) and s.kind == "global")
            self._globals = frozenset(x for scope in scopes for x in scope.names)
        return self._globals

    @property
    def names_used(self) -> frozenset[str]:
        """Every name that the function's body mentions (free variables are among them)."""
        if self._free is None:
            from threadly_lint.skeleton.walk import walk

            self._free = frozenset(x.id for x in walk(self.node) if isinstance(x, n.Name))
        return self._free

    @property
    def names_bound(self) -> frozenset[str]:
        """Parameters and names that the body assigns: they hide outer ones."""
        if self._locals is None:
            scope: Scope = {}
            if isinstance(self.node, n.Function):
                collect_bindings(self.node.body, scope, [])
            self._locals = frozenset(scope) | {p.name for p in self.params}
        return self._locals


def _stored_names(method: n.Function) -> Iterator[str]:
    from threadly_lint.skeleton.walk import walk

    first = method.params.items[0].name if method.params.items else None
    for node in walk(method):
        targets = (
            node.targets if isinstance(node, n.Assign) else (node.target,) if isinstance(node, n.AugAssign) else ()
        )
        for target in targets:
            for part in target.items if isinstance(target, n.Sequence) else (target,):
                if isinstance(part, n.Attribute) and isinstance(part.value, n.Name) and part.value.id == first:
                    yield part.attr


def definitions(body: Iterable[n.Stmt]) -> Iterator[n.Function | n.Class]:
    """Functions and classes defined directly in a body, those inside ``if``, ``try``, ``with`` and loops too."""
    for statement in body:
        if isinstance(statement, n.Function | n.Class):
            yield statement
        else:
            for block in blocks(statement):
                yield from definitions(block)


def blocks(statement: n.Stmt) -> Iterator[tuple[n.Stmt, ...]]:
    """The statement lists inside a compound statement that is no definition."""
    match statement:
        case n.If() | n.For() | n.While():
            yield statement.body
            yield statement.orelse
        case n.With():
            yield statement.body
        case n.Try():
            yield statement.body
            for handler in statement.handlers:
                yield handler.body
            yield statement.orelse
            yield statement.final
        case n.Match():
            for case in statement.cases:
                yield case.body


def collect_bindings(body: Iterable[n.Stmt], scope: Scope, stars: list[n.ImportFrom]) -> None:
    """Enter into ``scope`` all names that these statements bind, whatever branch they stand in."""
    for statement in body:
        for name, binding in _bindings_of(statement, stars):
            scope.setdefault(name, []).append(binding)
        for block in blocks(statement):
            collect_bindings(block, scope, stars)


def _bindings_of(statement: n.Stmt, stars: list[n.ImportFrom]) -> Iterator[tuple[str, Binding]]:
    match statement:
        case n.Function() | n.Class():
            yield statement.name, Binding(statement)
        case n.Import():
            for alias in statement.names:
                yield alias.alias or alias.name.partition(".")[0], Binding(statement, alias)
        case n.ImportFrom():
            for alias in statement.names:
                if alias.name == "*":
                    stars.append(statement)
                else:
                    yield alias.alias or alias.name, Binding(statement, alias)
        case n.Assign():
            for target in statement.targets:
                for name in target_names(target):
                    yield name, Binding(statement)
        case n.AugAssign() | n.For():
            for name in target_names(statement.target):
                yield name, Binding(statement)
        case n.With():
            for item in statement.items:
                if item.target is not None:
                    for name in target_names(item.target):
                        yield name, Binding(item)


def target_names(target: n.Expr) -> Iterator[str]:
    """The plain names among an assignment's targets."""
    if isinstance(target, n.Name):
        yield target.id
    elif isinstance(target, n.Starred):
        yield from target_names(target.value)
    elif isinstance(target, n.Sequence):
        for item in target.items:
            yield from target_names(item)


def calls_in(module: Module) -> Iterator[tuple[n.Call, Function | None]]:
    """Every call of a module with the function in whose body it stands (None at module and class level)."""
    from threadly_lint.skeleton.walk import children

    stack: list[tuple[n.Node, Function | None, Class | None]] = [
        (s, None, None) for s in reversed(module.skeleton.body)
    ]
    while stack:
        node, function, owner = stack.pop()
        if isinstance(node, n.Call):
            yield node, function
        if isinstance(node, n.Function):
            function, owner = module.function(node, None if owner else function, owner), None
        elif isinstance(node, n.Class):
            owner = module.class_(node, owner or function)
        stack.extend((child, function, owner) for child in children(node))
