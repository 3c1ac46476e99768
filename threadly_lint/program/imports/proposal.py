"""Contracts that a project's imports suggest: its packages in the order from which the fewest imports deviate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from threadly_lint.program.contracts.model import Layer, Layers, Origin
from threadly_lint.program.contracts.own_settings import FILE
from threadly_lint.program.contracts.verdicts import judge_contracts
from threadly_lint.program.imports.graph import ImportGraph

FEWEST_GROUPS = 3

ROLES = ("presentation", "service", "persistence")
"""From high to low."""

_WORDS = {
    "presentation": "admin api apis cli commands controllers endpoints graphql handlers main pages presentation "
    "resources routers routes server urls views web",
    "service": "application domain jobs logic services tasks usecases use_cases workers workflows",
    "persistence": "dao daos database db entities migrations models orm persistence repositories repository storage "
    "store",
}
_LIBRARIES = {
    "presentation": "aiohttp bottle click falcon fastapi flask graphene litestar pyramid quart rest_framework sanic "
    "starlette strawberry tornado typer",
    "persistence": "alembic asyncpg beanie mongoengine motor peewee psycopg psycopg2 pymongo sqlalchemy sqlite3 "
    "sqlmodel tortoise",
}
_ROLE_OF_WORD = {word: role for role, words in _WORDS.items() for word in words.split()}
_ROLE_OF_LIBRARY = {name: role for role, names in _LIBRARIES.items() for name in names.split()}

Weights = Mapping[tuple[str, str], int]


def propose_contracts(graph: ImportGraph, below: str = "") -> str:
    """Settings with a contract for the top-level packages and one for what is in each of them, where there is something
    to order; or for what is in the package ``below`` alone."""
    tops = {file.module.partition(".")[0] for file in graph.modules.values()}
    packages = [below] if below else ["", *sorted(tops)]
    proposals = [text for package in packages if (text := _propose(graph, package))]
    return "\n\n".join(proposals) or "# There are too few packages here to put them in an order."


def _propose(graph: ImportGraph, package: str) -> str:
    length = package.count(".") + 2 if package else 1
    group_of = {
        path: ".".join(file.module.split(".")[:length])
        for path, file in graph.modules.items()
        if file.module.startswith(f"{package}." if package else "") and not _is_left_out(graph, path)
    }
    groups = sorted({*group_of.values()})
    if len(groups) < FEWEST_GROUPS:
        return ""
    weights = _weights(graph, group_of)
    roles = {group: role for group in groups if (role := _role(graph, group, group_of))}
    rows = _rows(_order(groups, weights, roles), weights)
    return _settings(graph, package or "Top-level packages", rows, roles)


def _is_left_out(graph: ImportGraph, path: str) -> bool:
    return graph.project.is_exempt(path) or graph.name(path).startswith("__")


def _weights(graph: ImportGraph, group_of: Mapping[str, str]) -> Weights:
    """How many imports lead from one group to another; what only type checkers see does not count."""
    weights: Counter[tuple[str, str]] = Counter()
    for edge in graph.edges:
        ends = group_of.get(edge.importer, ""), group_of.get(edge.imported, "")
        if ends[0] != ends[1] and all(ends) and edge.kind != "type-checking":
            weights[ends] += 1
    return weights


def _role(graph: ImportGraph, group: str, group_of: Mapping[str, str]) -> str:
    """What a group's name says that it is for, else what most of the libraries that it imports say."""
    word = group.rpartition(".")[2]
    if word in _ROLE_OF_WORD:
        return _ROLE_OF_WORD[word]
    tops = [one.name.partition(".")[0] for one in graph.external if group_of.get(one.importer) == group]
    roles = Counter(_ROLE_OF_LIBRARY[name] for name in tops if name in _ROLE_OF_LIBRARY)
    return roles.most_common(1)[0][0] if roles else ""


def _order(groups: Iterable[str], weights: Weights, roles: Mapping[str, str]) -> list[str]:
    """Groups from high to low so that few imports go upwards (the heuristic of Eades, Lin and Smyth)."""
    left, high, low = {*groups}, [], []
    while left:
        out = {one: sum(weights.get((one, other), 0) for other in left) for one in left}
        into = {one: sum(weights.get((other, one), 0) for other in left) for one in left}
        sinks = [one for one in left if into[one] and not out[one]]
        if sinks:
            chosen = max(sinks, key=lambda one: (_rank(one, roles), one))
            low.append(chosen)
        else:
            chosen = min(left, key=lambda one: (bool(into[one]), into[one] - out[one], _rank(one, roles), one))
            high.append(chosen)
        left.discard(chosen)
    return high + low[::-1]


def _rank(group: str, roles: Mapping[str, str]) -> int:
    return ROLES.index(roles.get(group, "service"))


def _rows(order: list[str], weights: Weights) -> list[list[str]]:
    """Neighbours that do not import each other share a layer."""
    rows: list[list[str]] = []
    for group in order:
        row = rows[-1] if rows else [group]
        if rows and not any(weights.get((one, group)) or weights.get((group, one)) for one in row):
            row.append(group)
        else:
            rows.append([group])
    return rows


def _settings(graph: ImportGraph, name: str, rows: list[list[str]], roles: Mapping[str, str]) -> str:
    layers = tuple(Layer(tuple(sorted(row)), is_independent=False) for row in rows)
    contract = Layers(name=name, origin=Origin(FILE), layers=layers)
    violations = judge_contracts(graph, (contract,)).violations
    lines = ["[[tool.threadly-lint.layers.contracts]]", f'name = "{name}"', 'type = "layers"', "layers = ["]
    lines += [f"    {_row(layer.modules, roles)}" for layer in layers]
    lines += [
        "]",
        f"# {len(violations)} imports break this contract today." if violations else "# All imports keep it.",
    ]
    places: defaultdict[str, list[str]] = defaultdict(list)
    for violation in sorted(violations, key=lambda one: (one.path, one.span, one.names)):
        places[violation.path].append(f"{violation.span.line} ({' -> '.join(violation.names)})")
    return "\n".join([*lines, *(f"#   {path}: {', '.join(found)}" for path, found in places.items())])


def _row(names: tuple[str, ...], roles: Mapping[str, str]) -> str:
    remarks = sorted({roles[name] for name in names if name in roles}, key=ROLES.index)
    text = f'"{" : ".join(names)}",'
    return f"{text}  # {', '.join(remarks)}" if remarks else text
