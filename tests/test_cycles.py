"""Import cycles: what is tangled, how badly, and where it is cheapest to cut."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from import_graphs import graph_of, write_files

from threadly_lint.program.imports.components import shortest_way, strong_components
from threadly_lint.program.imports.cycles import ImportCycle, cycles_to_report, find_cycles
from threadly_lint.program.imports.graph import ImportGraph

NODES = "abcdefg"
links_of = st.dictionaries(st.sampled_from(NODES), st.sets(st.sampled_from(NODES)), max_size=len(NODES))


def test_of_two_ways_the_first_in_the_order_of_names() -> None:
    links = {"a": {"c", "b"}, "b": {"d"}, "c": {"d"}}
    assert shortest_way(links, "a", "d") == ("a", "b", "d")
    assert shortest_way(links, "a", "d", limit=2) == ()
    assert shortest_way(links, "d", "a") == ()
    assert shortest_way(links, "a", "a") == ("a",)


@given(links_of)
def test_components_are_what_reaches_each_other(links: dict[str, set[str]]) -> None:
    reached = {node: set(reachable(links, node)) for node in NODES}
    expected = {
        tuple(sorted(other for other in NODES if other in reached[node] and node in reached[other])) for node in NODES
    }
    assert strong_components(links) == sorted(names for names in expected if len(names) > 1)


@given(links_of, st.sampled_from(NODES), st.sampled_from(NODES))
def test_ways_are_shortest(links: dict[str, set[str]], start: str, goal: str) -> None:
    way = shortest_way(links, start, goal)
    assert all(other in links[one] for one, other in itertools.pairwise(way))
    assert len(way) == next((depth for depth, nodes in enumerate(levels(links, start), 1) if goal in nodes), 0)


def reachable(links: dict[str, set[str]], start: str) -> set[str]:
    """All nodes that one can get to, the start included."""
    return set().union(*levels(links, start))


def levels(links: dict[str, set[str]], start: str) -> Iterator[set[str]]:
    """The nodes at distance 0, 1, 2, ..."""
    seen, border = set[str](), {start}
    while border:
        yield border
        seen |= border
        border = {other for node in border for other in links.get(node, ())} - seen


def cycles(folder: Path, **files: str) -> list[ImportCycle]:
    """The cycles between modules of a package ``a`` that are given by name."""
    return find_cycles(graph(folder, **files))


def graph(folder: Path, **files: str) -> ImportGraph:
    write_files(folder, {"a/__init__.py": "", **{f"a/{name}.py": text for name, text in files.items()}})
    return graph_of(folder)


def way(cycle: ImportCycle) -> list[str]:
    """The modules along a cycle with the lines of their imports."""
    return [f"{step[0].importer[2:-3]}:{','.join(str(edge.line) for edge in step)}" for step in cycle.steps]


def test_one_cycle_for_each_tangle_with_the_shortest_way(tmp_path: Path) -> None:
    found = cycles(
        tmp_path,
        b="from a.c import x\nfrom a.d import y\nprint(x, y)\n",
        c="import a.d\na.d\n",
        d="\nimport a.b as b\nprint(b)\nimport a.b as b2\nprint(b2)\n",
        e="import a.f\na.f\n",
        f="import a.e\na.e\n",
        g="import a.e\na.e\n",
    )
    assert [(cycle.grade, len(cycle.modules)) for cycle in found] == [("load", 3), ("load", 2)]
    assert [way(cycle) for cycle in found] == [["b:2", "d:2,4"], ["e:1", "f:1"]]


def test_milder_grades_count_only_what_they_add(tmp_path: Path) -> None:
    found = cycles(
        tmp_path,
        b="import a.c\na.c\n",
        c="import a.b\na.b\ndef f():\n    import a.d\n",
        d="import a.b\na.b\n",
        e="import a.b\na.b\n",
        f="import a.e\na.e\n",
        g="if TYPE_CHECKING:\n    import a.h\n",
        h="import a.g\na.g\n",
    )
    assert [(cycle.grade, cycle.modules) for cycle in found] == [
        ("load", ("a/b.py", "a/c.py")),
        ("local", ("a/b.py", "a/c.py", "a/d.py")),
        ("type-checking", ("a/g.py", "a/h.py")),
    ]
    assert [way(cycle) for cycle in found] == [["b:1", "c:1"], ["c:4", "d:1", "b:1"], ["g:2", "h:1"]]


def test_an_import_of_oneself_or_in_a_script_or_a_stub_is_no_cycle(tmp_path: Path) -> None:
    script = "if __name__ == '__main__':\n    import a.b\n"
    assert cycles(tmp_path, b="import a.b\nimport a.c\nimport a.d\n", c=script, d="") == []
    write_files(tmp_path, {"a/fast.pyi": "import a.e\n", "a/e.py": "import a.fast\n"})
    assert find_cycles(graph_of(tmp_path)) == []


def test_cheapest_is_what_annotations_need_then_functions_then_loading(tmp_path: Path) -> None:
    annotations = "from a.c import x\ndef f(one: x) -> 'x': ...\n"
    functions = "from a.b import w\ndef g():\n    return w\n"
    loading = "from a.b import y\nz = y\n"
    for number, (one, other, expected) in enumerate(
        [(annotations, functions, "b"), (functions.replace("a.b", "a.c"), loading, "b"), (loading, functions, "c")]
    ):
        (cycle,) = cycles(tmp_path / str(number), b=one.replace("a.b", "a.c"), c=other)
        assert cycle.steps[0][0].importer == f"a/{expected}.py"


def test_of_equal_imports_the_smaller_one_is_cheaper(tmp_path: Path) -> None:
    (cycle,) = cycles(tmp_path, b="from a.c import x, y\nz = x, y\n", c="from a.b import z\nx = y = z\n")
    assert cycle.steps[0][0].importer == "a/c.py"


def test_a_package_keeps_the_import_of_its_own_module(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/__init__.py": "from a.b import y\n", "a/b.py": "from a import x, z, w\ny = x, z, w\n"})
    (cycle,) = find_cycles(graph_of(tmp_path))
    assert cycle.steps[0][0].importer == "a/b.py"


def test_silenced_imports_are_left_out_and_still_told(tmp_path: Path) -> None:
    whole = graph(
        tmp_path,
        b="import a.c  # noqa: TLG001\na.c\n",
        c="import a.b\na.b\n",
        d="import a.b  # noqa: TLG001\n",
        e="import a.f\na.f\n",
        f="import a.e\nimport a.g  # noqa: TLG001\na.e\n",
        g="def f():\n    import a.f\n",
    )
    found = [(cycle.grade, way(cycle)) for cycle in cycles_to_report(whole, "TLG001")]
    assert found == [("load", ["e:1", "f:1"]), ("load", ["b:1", "c:1"]), ("local", ["f:2", "g:2"])]
