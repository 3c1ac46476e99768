"""Which data counts as raw, and what is left of that once it has been checked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from threadly_lint.program.interpreter import types as t
from threadly_lint.program.interpreter.request_data import CHECKED, checked, checked_tags, is_raw, plain_text, raw_tags
from threadly_lint.program.interpreter.types import Atom, Tag, Value

SOURCES = ("json", "form", "query", "headers", "typed", "text", "checked")
tags = st.frozensets(st.sampled_from([*(Tag("request", s) for s in SOURCES), Tag("session", "id"), Tag("chosen")]))


def _atoms(shapes: st.SearchStrategy[t.Shape]) -> st.SearchStrategy[Value]:
    return st.lists(st.tuples(shapes, tags).map(lambda parts: Atom(*parts)), max_size=3).map(tuple)


def _containers(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    entries = st.lists(st.tuples(st.text(max_size=3), values), max_size=3).map(tuple)
    return _atoms(
        st.one_of(
            values.map(lambda elem: t.Seq("list", None, elem)),
            st.lists(values, max_size=3).map(lambda items: t.Seq("tuple", tuple(items))),
            entries.map(lambda found: t.Map(found, True)),
        )
    )


values = st.recursive(_atoms(st.sampled_from([t.Unknown(), t.Obj("str"), t.Obj("dict")])), _containers, max_leaves=8)


@given(values)
def test_nothing_is_raw_after_a_check(value: Value) -> None:
    assert raw_tags(checked(value)) == frozenset()


@given(values)
def test_a_check_changes_nothing_but_provenance(value: Value) -> None:
    once = checked(value)
    assert checked(once) == once
    assert t.has_tag(once, "request") == t.has_tag(value, "request")
    assert t.has_tag(once, "session") == t.has_tag(value, "session")


@given(tags)
def test_checked_tags_keep_what_is_not_raw(found: t.Tags) -> None:
    text = Tag("request", "text")
    assert {x for x in found if not is_raw(x) and x != text} <= checked_tags(found)
    assert (CHECKED in checked_tags(found)) == (CHECKED in found or text in found or any(map(is_raw, found)))


def test_raw_data_is_found_in_containers() -> None:
    name = t.obj("str", tags=frozenset({Tag("request", "json")}))
    rows: Value = (Atom(t.Seq("list", None, (Atom(t.Map((("name", name),), False)),))),)
    assert raw_tags(rows) == {Tag("request", "json")}


def test_typed_values_and_plain_text_are_not_raw() -> None:
    number = t.obj("int", tags=frozenset({Tag("request", "typed")}))
    text = t.obj("str", tags=frozenset({Tag("request", "text")}))
    assert raw_tags((*number, *text)) == frozenset()
    assert plain_text((*number, *text)) == {Tag("request", "text")}


def test_a_header_in_place_of_the_signed_in_user_is_identity() -> None:
    user = t.unknown(frozenset({Tag("session", "user")}))
    header = t.obj("str", tags=frozenset({Tag("request", "headers")}))
    assert raw_tags(header) == {Tag("request", "headers")}
    assert raw_tags((*user, *header)) == frozenset()


def test_what_a_look_up_may_have_found_is_not_raw() -> None:
    both = frozenset({Tag("request", "path"), Tag("chosen")})
    assert raw_tags(t.unknown(both)) == frozenset()
    assert raw_tags(t.obj("str", tags=both)) == {Tag("request", "path")}
