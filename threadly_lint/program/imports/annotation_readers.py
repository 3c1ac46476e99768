"""Who evaluates annotations at run time: there a name must exist that otherwise only type checkers need."""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.program.imports.graph import ImportGraph
from threadly_lint.program.symbols.mentions import Mention
from threadly_lint.skeleton.excerpt import word
from threadly_lint.skeleton.nodes import Attribute, Call, Class, Expr, Function, Name, Node, Stmt
from threadly_lint.skeleton.walk import children, walk

INERT_DECORATORS = frozenset(
    "abstractmethod asynccontextmanager cache cached_property classmethod contextmanager deleter deprecated final "
    "getter lru_cache overload override property setter staticmethod total_ordering unique wraps".split()
)
INERT_BASES = frozenset(
    "ABC BaseException Enum Exception Flag Generic IntEnum LookupError Protocol RuntimeError StrEnum TypeError "
    "ValueError object".split()
)
"""What leaves annotations alone; any other decorator or base class may be a Pydantic model, a mapped table, a route."""

CONSTRUCTORS = frozenset({"__init__", "__call__", "__new__"})
INJECTORS = frozenset(
    "aioinject blacksheep dependency_injector dishka fastapi faststream injector kink lagom litestar ninja picobox "
    "punq rodi sanic_ext svcs taskiq that_depends typer wireup".split()
)
"""Libraries that read the annotations of constructors."""


def find_reader(graph: ImportGraph, path: str, mention: Mention) -> str:
    """What may evaluate the annotation of ``mention`` in the file ``path``, as a part of a sentence; else empty."""
    body = graph.whole(path).body
    if any("get_type_hints" in _names(node) for node in walk(*body)):
        return "`get_type_hints` is called in this file"
    if mention.moment == "local annotation" or mention.holder is None:
        return ""
    if isinstance(mention.holder, Class):
        return _class_reader(mention.holder, body)
    return _function_reader(graph, path, mention.holder, mention.owner)


def _class_reader(holder: Class, body: tuple[Stmt, ...]) -> str:
    for decorator in holder.decorators:
        if _last(decorator) not in INERT_DECORATORS:
            return f"the decorator of `{holder.name}` may read the annotations"
    for base in (*holder.bases, *(keyword.value for keyword in holder.keywords)):
        name = _last(base)
        known = next((node for node in body if isinstance(node, Class) and node.name == name), None)
        inherited = _class_reader(known, body) if known is not None and known is not holder else ""
        if inherited or (known is None and name not in INERT_BASES and name != "ABCMeta"):
            return f"the base class `{name}` of `{holder.name}` may read the annotations"
    return ""


def _function_reader(graph: ImportGraph, path: str, holder: Function, owner: Class | None) -> str:
    for decorator in holder.decorators:
        if _last(decorator) not in INERT_DECORATORS:
            return f"the decorator of `{holder.name}` may read the annotations"
    if owner is None:
        bodies = (graph.excerpt(file, word(holder.name)).body for file in _files_with(graph, path))
        passed = any(_is_passed_on(holder.name, body) for body in bodies)
        return f"`{holder.name}` is passed on to what may read its annotations" if passed else ""
    for decorator in owner.decorators:
        if _last(decorator) not in INERT_DECORATORS and holder.name in CONSTRUCTORS:
            return f"the decorator of `{owner.name}` may read the annotations"
    if holder.name in CONSTRUCTORS:
        return _injector(graph, owner)
    return ""


def _injector(graph: ImportGraph, owner: Class) -> str:
    used = sorted(INJECTORS.intersection(one.name.partition(".")[0] for one in graph.external))
    return f"{used[0]} may read the annotations of `{owner.name}` to build it" if used else ""


def _files_with(graph: ImportGraph, path: str) -> Iterator[str]:
    """The file itself and those that import something from it."""
    yield path
    yield from sorted({edge.importer for edge in graph.edges_to(path)} - {path})


def _is_passed_on(name: str, body: tuple[Stmt, ...]) -> bool:
    """Whether a function of this name appears as a value, instead of being called."""
    called = {id(node.func) for node in walk(*body) if isinstance(node, Call)}
    return any(name in _names(node) and id(node) not in called for node in walk(*body))


def _names(node: Node) -> tuple[str, ...]:
    if isinstance(node, Attribute):
        return (node.attr,)
    return (node.id,) if isinstance(node, Name) else ()


def _last(expr: Expr) -> str:
    """The last part of a decorator's or base's name, without call and subscript."""
    while not isinstance(expr, Name | Attribute):
        inner = children(expr)
        if not inner:
            return ""
        expr = inner[0]  # type: ignore[assignment]
    return expr.id if isinstance(expr, Name) else expr.attr
