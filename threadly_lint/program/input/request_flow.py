"""Where raw request data ends up: for each endpoint, the effects that are given it, by kind of effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from threadly_lint.knowledge.facts import Argument
from threadly_lint.program.input.schema_checks import SchemaCheck, schema_checks
from threadly_lint.program.input.sent_data import INCIDENTAL, sent
from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.effects import Event, Occurrence
from threadly_lint.program.interpreter.request_data import is_raw, plain_text, raw_tags
from threadly_lint.program.interpreter.types import Atom, Tags, Value
from threadly_lint.skeleton import nodes as n
from threadly_lint.values import Span, Step

if TYPE_CHECKING:
    from threadly_lint.program.entry.entry_points import EntryPoint, Run
    from threadly_lint.program.program import Program
    from threadly_lint.program.symbols.names import Function

Standing = Literal["unchecked", "checked later", "checked beside"]
SinkKind = Literal["database write", "external call", "file path", "cache key", "process"]
SINKS: dict[str, SinkKind] = {
    "construct": "database write",
    "assign": "database write",
    "write": "database write",
    "upsert": "database write",
    "external-call": "external call",
    "index-write": "external call",
    "file-read": "file path",
    "file-write": "file path",
    "process": "process",
    "cache-get": "cache key",
    "cache-set": "cache key",
    "cache-delete": "cache key",
}
ANY_TEXT_IS_TOO_MUCH = ("file path", "process")
REMOVALS = ("delete", "remove", "destroy", "drop")
FILTERED = frozenset("update_one update_many replace_one find_one_and_update find_one_and_replace".split())
BUFFERS = frozenset({"io.BytesIO", "io.StringIO"})
BETWEEN_OPEN_FILES = frozenset({"shutil.copyfileobj"})
TWO_PATHS = frozenset("rename renames replace copy copy2 copyfile copytree move link symlink symlink_to".split())
BODIES = frozenset({"body", "json"})
CHECKING_MODELS = ("beanie.Document", "odmantic.Model", "ormar.Model")
SCALARS = frozenset("str bytes int float bool".split())
POURING = frozenset("construct write upsert build-write".split())
POURED_POSITIONALLY = frozenset("update values insert create insert_many update_from_dict sqlmodel_update".split())
SET_CLAUSE = re.compile(r"^\s*update\b.*?\bset\b(.*?)(\bwhere\b|$)", re.IGNORECASE | re.DOTALL)
PLACEHOLDER = re.compile(r"%s|%\(|\?|:\w|\$\d|\{\}")


@dataclass(frozen=True, eq=False)
class Flow:
    """Raw data of one endpoint that one effect is given.

    ``path``, ``span`` and ``symbol`` are the place where that happens in the function that has read the data from the
    request (most often the handler): the effect itself, or the call that hands the data on. ``sources`` are the parts
    of the request that it comes from. ``standing`` tells whether the same data passes a schema later, or has passed one
    whose result is not used here. ``repeated`` flows happen in a helper at a place that an earlier endpoint has brought
    up. A ``record`` keeps the text of the whole body, which a generic view has parsed, for those who want to know what came.
    """

    kind: SinkKind
    endpoint: EntryPoint
    occurrence: Occurrence
    sources: Tags
    poured: bool
    standing: Standing
    repeated: bool
    record: bool
    path: str
    span: Span
    symbol: str

    @property
    def trail(self) -> tuple[Step, ...]:
        return self.occurrence.trail

    @property
    def source_names(self) -> str:
        """The sources in words."""
        return source_words(self.sources)

    @property
    def sink_words(self) -> str:
        """Where it ends up, in words: the kind of effect with the model or function."""
        event = self.occurrence.event
        article = "an" if self.kind[0] in "aeiou" else "a"
        return f"{article} {self.kind} (`{event.model or event.api.rpartition('.')[2]}`)"

    @property
    def incidental(self) -> bool:
        """Whether the data only comes from what a client sends along with every request."""
        return all(x.detail in INCIDENTAL for x in self.sources)

    @property
    def kept_as_it_came(self) -> bool:
        """Whether it is a file to keep."""
        return self.kind == "database write" and all(x.detail in ("files", "path") for x in self.sources)

    @property
    def is_key(self) -> bool:
        """Whether only a part of the address, which the route has matched at least, chooses a row or an entry."""
        return self.kind in ("database write", "cache key") and all(x.detail == "path" for x in self.sources)


WORDS = {
    "any": "parameters",
    "files": "upload",
    "form": "form data",
    "json": "JSON body",
    "path": "path parameter",
    "query": "query parameter",
    "headers": "header",
    "cookies": "cookie",
    "text": "text parameter",
    "url": "URL",
}


def source_words(sources: Tags) -> str:
    """Parts of a request in words."""
    return " and ".join(sorted({WORDS.get(x.detail, x.detail) for x in sources})) or "request data"


def request_flows(program: Program, endpoint: EntryPoint) -> list[Flow]:
    """All flows of an endpoint over its mounts, in the order in which they are reached."""
    key = ("request flows", endpoint)
    if key not in program.memo:
        found: dict[tuple[str, Span, str, bool], Flow] = {}
        for run in endpoint.runs:
            for flow in _flows_of(program, endpoint, run):
                found.setdefault((flow.path, flow.span, flow.kind, flow.poured), flow)
        program.memo[key] = list(found.values())
    result: list[Flow] = program.memo[key]
    return result


def _flows_of(program: Program, endpoint: EntryPoint, run: Run) -> Iterator[Flow]:
    checks = list(schema_checks(program, run.occurrences))
    readers = _readers(run)
    places: dict[object, EntryPoint] = program.memo.setdefault("places of flows", {})
    inside = frozenset(map(id, run.inside))
    read_by_library = any(o.effect == "source" and is_read_by_library(o.event) for o in run.inside)
    for position, occurrence in enumerate(run.occurrences):
        event = occurrence.event
        poured = is_poured(event)
        kind = SINKS.get(event.effect) or ("database write" if poured else None)
        sources = sources_of(program, event, kind) if kind and id(occurrence) in inside else t.NO_TAGS
        if kind is None or not sources or _checked_as_model(program, event, run.occurrences[position + 1 :]):
            continue
        covering = [check for check in checks if check.covers(sources)]
        if covering and _is_let_through(position, sources, covering):
            continue
        if kind == "external call" and _is_guarded_address(run, occurrence):
            continue
        if kind == "database write" and _is_examined_upload(run.occurrences[:position], sources):
            continue
        reader = _reader(endpoint, occurrence, sources, readers)
        path, span = _place(occurrence, reader)
        first = places.setdefault((path, span, kind), endpoint)
        repeated = first is not endpoint and (reader is not endpoint.function or first.function is endpoint.function)
        standing = _standing(position, covering)
        record = read_by_library and kind == "database write" and _is_whole_text(program, event)
        yield Flow(kind, endpoint, occurrence, sources, poured, standing, repeated, record, path, span, reader.symbol)


def _is_let_through(position: int, sources: Tags, covering: list[SchemaCheck]) -> bool:
    """What has been checked in place may be used; what was in a file is checked piece by piece."""
    in_place = any(check.in_place and check.position < position for check in covering)
    return in_place or all(x.detail == "files" for x in sources)


def _is_guarded_address(run: Run, sink: Occurrence) -> bool:
    """Whether addresses of hosts are looked at before the call: a guard against requests to the inside."""
    for occurrence in run.inside:
        if occurrence is sink:
            return False
        fact = occurrence.event.fact
        if occurrence.effect == "validation" and fact is not None and fact.name.startswith("ipaddress."):
            return True
    return False


def _is_examined_upload(earlier: tuple[Occurrence, ...], sources: Tags) -> bool:
    """Whether a file is kept whose type or name has been compared with what the server takes."""
    is_file = all(x.detail == "files" for x in sources)
    return is_file and any(o.effect == "upload-test" for o in earlier)


def _is_whole_text(program: Program, event: Event) -> bool:
    """Whether the raw data is kept as one text of the whole body."""
    given = [x for v in _values(program, event, "database write") for x in v if any(map(is_raw, x.tags))]
    return (
        bool(given)
        and all(isinstance(x.shape, t.Obj) and x.shape.name == "str" for x in given)
        and all(x.detail in BODIES and t.NAMED not in atom.tags for atom in given for x in atom.tags if is_raw(x))
    )


def is_read_by_library(event: Event) -> bool:
    """Whether a generic view of the framework takes the body, which has a serializer for it."""
    if isinstance(event.node, n.Name) and event.receiver:
        return True
    func = event.node.func if isinstance(event.node, n.Call) else None
    return isinstance(func, n.Attribute) and func.attr != event.api.rpartition(".")[2]


def _standing(position: int, covering: list[SchemaCheck]) -> Standing:
    if any(check.position < position for check in covering):
        return "checked beside"
    return "checked later" if covering else "unchecked"


def _checked_as_model(program: Program, event: Event, later: tuple[Occurrence, ...]) -> bool:
    """The model checks what it is made of: by itself, or with ``row.full_clean()`` before the row is saved."""
    if event.effect not in ("construct", "assign"):
        return False
    info = program.models.named(event.model)
    if info is not None and not is_poured(event) and program.hierarchy.inherits(info, *CHECKING_MODELS):
        return True
    return any(o.effect == "validation" and o.event.model == event.model != "" for o in later)


def _reader(endpoint: EntryPoint, occurrence: Occurrence, sources: Tags, readers: dict[str, set[Function]]) -> Function:
    """The function on the way that has read the data from the request; the handler when it, or none of them, has."""
    reading = frozenset().union(*(readers.get(x.detail, ()) for x in sources))
    on_the_way = [c.outcome.function for c in occurrence.calls if c.outcome.function in reading]
    return on_the_way[-1] if on_the_way else endpoint.function


def _place(occurrence: Occurrence, reader: Function) -> tuple[str, Span]:
    """The effect, or the reader's own call that hands the data on."""
    event = occurrence.event
    own = next((c for c in reversed(occurrence.calls) if c.function is reader and c.node.span[0]), None)
    if event.function is reader or own is None:
        return event.path, event.span
    return reader.path, Span(*own.node.span)


def _readers(run: Run) -> dict[str, set[Function]]:
    """For each source, the functions that read it from the request."""
    found: dict[str, set[Function]] = {}
    for occurrence in run.occurrences:
        if occurrence.effect == "source":
            for tag in raw_tags(occurrence.event.value):
                found.setdefault(tag.detail, set()).add(occurrence.event.function)
    return found


# What an effect is given ----------------------------------------------------------------------------------------------


def sources_of(program: Program, event: Event, kind: SinkKind | None) -> Tags:
    """The raw sources in what matters about an effect: values written, bodies, addresses, paths, keys, commands."""
    values = [tuple(x for x in v if not _is_row(program, x)) for v in _values(program, event, kind)]
    tags = frozenset().union(*(raw_tags(v) for v in values))
    if kind in ANY_TEXT_IS_TOO_MUCH:
        tags |= frozenset().union(*(plain_text(v) for v in values))
    if kind != "file path":
        tags = frozenset(x for x in tags if x.detail != "url")
    return tags


def _is_row(program: Program, atom: Atom) -> bool:
    """Rows are no request data, whatever has been poured into them."""
    return isinstance(atom.shape, t.Inst) and program.models.is_model(atom.shape.info)


def _values(program: Program, event: Event, kind: SinkKind | None) -> Iterator[Value]:
    if kind == "file path":
        yield from _paths(program, event)
    elif kind == "cache key":
        yield _argument(event, event.fact.key if event.fact else None)
    elif event.effect == "assign":
        yield event.value
    elif event.effect == "write":
        yield from _written(event)
    elif kind == "external call":
        yield from sent(program, event)
    else:
        yield from event.args
        yield from (v for _, v in event.keywords)


def _argument(event: Event, where: Argument | None) -> Value:
    if where is None:
        return event.argument(0)
    for keyword in where.keywords:
        if found := event.argument(None, keyword):
            return found
    return event.argument(where.position)


def _paths(program: Program, event: Event) -> Iterator[Value]:
    """A path method's own path; the first argument of everything else (the first two of copying and renaming)."""
    if program.knowledge.fact(event.api, "sanitizer") or event.api in BETWEEN_OPEN_FILES:
        return
    leaf = event.api.rpartition(".")[2]
    if event.api.startswith("pathlib."):
        yield event.receiver
        if leaf in TWO_PATHS:
            yield event.argument(0)
        return
    path = _argument(event, event.fact.key if event.fact else None)
    yield tuple(x for x in path if not (isinstance(x.shape, t.Obj) and x.shape.name in BUFFERS))
    if leaf in TWO_PATHS:
        yield event.argument(1)


def _written(event: Event) -> Iterator[Value]:
    """What a write stores: filters only choose rows."""
    leaf = event.api.rpartition(".")[2]
    if leaf.startswith(REMOVALS):
        return
    args = event.args[1:] if leaf in FILTERED else event.args
    text = t.shape_text(event.args[0]) if event.args else None
    if text is not None and _only_chooses(text):
        args = event.args[:1]
        yield from args
        return
    yield from args
    yield from (v for _, v in event.keywords)


def _only_chooses(statement: str) -> bool:
    """Whether an SQL statement takes parameters for its condition alone."""
    if statement.lstrip().lower().startswith("delete"):
        return True
    clause = SET_CLAUSE.match(statement)
    return clause is not None and not PLACEHOLDER.search(clause[1])


# Whole mappings -------------------------------------------------------------------------------------------------------


def is_poured(event: Event) -> bool:
    """Whether a mapping whose keys the caller chose becomes columns of a model."""
    if event.effect == "assign":
        return event.api == "*" and is_whole(event.value)
    if event.effect not in POURING or not event.model:
        return False
    if is_whole(dict(event.keywords).get("**", ())):
        return True
    leaf = event.api.rpartition(".")[2]
    return leaf in POURED_POSITIONALLY and any(is_whole(v) and _is_mapping(v) for v in event.args[:1])


def is_whole(value: Value) -> bool:
    return any(any(map(is_raw, x.tags)) and t.NAMED not in x.tags for x in value)


def _is_mapping(value: Value) -> bool:
    shapes = [x.shape for x in value if not t.is_none(x)]
    return all(isinstance(s, t.Map | t.Unknown) or (isinstance(s, t.Obj) and s.name not in SCALARS) for s in shapes)


def is_signed(endpoint: EntryPoint) -> bool:
    """Whether the endpoint takes no body without checking who has signed it."""
    return any(_checks_signature(o.event) for run in endpoint.runs for o in run.inside)


def _checks_signature(event: Event) -> bool:
    if event.effect not in ("guard", "token-check"):
        return False
    if event.fact is not None and event.fact.service == "webhook":
        return True
    given = (*event.args, *(v for _, v in event.keywords))
    return any(x.detail in BODIES for v in given for x in raw_tags(v)) or any(t.has_tag(v, "digest") for v in given)
