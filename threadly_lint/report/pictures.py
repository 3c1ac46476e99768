"""Pictures of the import graph as text: a tree for the terminal, Mermaid, DOT and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from msgspec.structs import asdict

from threadly_lint.program.imports.picture import Arrow, Picture

_FAINT = {"local": "in functions", "script": "as a script", "type-checking": "for type checkers"}


def render_tree(picture: Picture) -> str:
    """Groups from high to low, and below each what it imports."""
    lines: list[str] = []
    for group in picture.groups:
        lines.append(f"{group.name}  ({_counted(group.modules, 'module')})")
        arrows = [arrow for arrow in picture.arrows if arrow.importer == group.name]
        width = max((len(arrow.imported) for arrow in arrows), default=0)
        for number, arrow in enumerate(arrows, start=1):
            branch = "└─>" if number == len(arrows) else "├─>"
            lines.append(f"  {branch} {arrow.imported.ljust(width)}  {'; '.join(_remarks(arrow))}")
    return "\n".join(lines)


def render_mermaid(picture: Picture) -> str:
    """A flow chart; red is what should not be, dotted what does not happen while modules load."""
    numbers = {group.name: f"m{number}" for number, group in enumerate(picture.groups)}
    lines = ["flowchart TD"]
    lines += [f'    {numbers[group.name]}["{group.name}<br/>{group.modules}"]' for group in picture.groups]
    for arrow in picture.arrows:
        shaft = "-.->" if arrow.kind in _FAINT else "-->"
        text = " / ".join([str(arrow.imports), *arrow.breaks]).replace('"', "'").replace("|", "/")
        lines.append(f'    {numbers[arrow.importer]} {shaft}|"{text}"| {numbers[arrow.imported]}')
    red = [str(number) for number, arrow in enumerate(picture.arrows) if _is_wrong(arrow)]
    lines += [f"    linkStyle {','.join(red)} stroke:red"] if red else []
    return "\n".join(lines)


def render_dot(picture: Picture) -> str:
    """A directed graph for Graphviz, in the same colours."""
    lines = ["digraph imports {", "    node [shape=box]"]
    lines += [f"    {_quoted(one.name)} [label={_quoted(f'{one.name} ({one.modules})')}]" for one in picture.groups]
    for arrow in picture.arrows:
        styles = [f"label={_quoted(' / '.join([str(arrow.imports), *arrow.breaks]))}"]
        styles += ["style=dashed"] if arrow.kind in _FAINT else []
        styles += ["color=red"] if _is_wrong(arrow) else []
        lines.append(f"    {_quoted(arrow.importer)} -> {_quoted(arrow.imported)} [{', '.join(styles)}]")
    return "\n".join([*lines, "}"])


def render_json(picture: Picture) -> str:
    """Groups and arrows with all their fields."""
    content = {name: [asdict(one) for one in getattr(picture, name)] for name in ("groups", "arrows")}
    return json.dumps(content, indent=2)


def _remarks(arrow: Arrow) -> Iterator[str]:
    yield _counted(arrow.imports, "import")
    if arrow.kind in _FAINT:
        yield _FAINT[arrow.kind]
    if arrow.in_cycle:
        yield "IN A CYCLE"
    if arrow.breaks:
        yield f"BREAKS {', '.join(arrow.breaks)}"


def _is_wrong(arrow: Arrow) -> bool:
    return arrow.in_cycle or bool(arrow.breaks)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


RENDERERS = {"tree": render_tree, "mermaid": render_mermaid, "dot": render_dot, "json": render_json}
