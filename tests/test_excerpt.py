"""Only those statements of a file stay in which something is found, and nothing is lost of what is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from threadly_lint.program.symbols.mentions import Mention, mentions_in
from threadly_lint.skeleton.build import build_skeleton
from threadly_lint.skeleton.excerpt import excerpt, word
from threadly_lint.skeleton.plain_code import Doubt

ENGINE = Path(__file__).parent.parent / "threadly_lint"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nRow()\nb = 2\n", "\nRow()\n\n"),
        ("a = 1\n", ""),
        ("Rows = MyRow = row = 1\n", ""),
        ("a = [\nRow\n]\nb = 1\n", "a = [\nRow\n]\n\n"),
        ("a = b + \\\nRow\nc = 1\n", "a = b + \\\nRow\n\n"),
        ("a = '''\nRow\n'''\nb = 1", "a = '''\nRow\n'''\n"),
        ('a = """\nclass B:\n"""\nRow', "\n\n\nRow"),
        (
            "@a(\nb\n)\n@Row\n# c\nasync def d():\n    pass\ne = 1\n",
            "@a(\nb\n)\n@Row\n# c\nasync def d():\n    pass\n\n",
        ),
        ("if a:\n    b\nelif Row:\n    c\nelse:\n    d\n\ne\n", "if a:\n    b\nelif Row:\n    c\nelse:\n    d\n\n\n"),
        ("try:\n    a\nexcept Row:\n    b\nc", "try:\n    a\nexcept Row:\n    b\n"),
        ("class A(Row):\n    b = 1\n    c = 2\n", "class A(Row):\n    b = 1\n\n"),
        (
            "class A(\n    Row\n):  # b\n\n    # c\n    'd'\n    e = 1",
            "class A(\n    Row\n):  # b\n\n    # c\n    'd'\n",
        ),
        ("class A(Row): b = 1\n", "class A(Row): b = 1\n"),
        ("class A:\n  b = 1\n\n  def c(self):\n    d\n    Row\n", "class A:\n\n\n  def c(self):\n    d\n    Row\n"),
        ("@a\nclass A:\n\tclass B:\n\t\tc = 1\n\t\td: Row\n\te = 1\nf", "@a\nclass A:\n\tclass B:\n\n\t\td: Row\n\n"),
        ("class A:\n    b = '''\nclass Row:\n    c\n'''\n    d\n", "class A:\n    b = '''\nclass Row:\n    c\n'''\n\n"),
    ],
)
def test_what_stays(text: str, expected: str) -> None:
    assert excerpt(text, word("Row")) == expected


@pytest.mark.parametrize("text", ["a = '\nRow", "f'{a['b']}'\nRow", "\uff32ow = Row"])
def test_what_takes_a_parser(text: str) -> None:
    with pytest.raises(Doubt):
        excerpt(text, word("Row"))


@pytest.mark.parametrize(
    "file", [ENGINE / "cli.py", ENGINE / "skeleton" / "excerpt.py", ENGINE / "skeleton" / "nodes.py"]
)
def test_all_mentions_stay(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    mentions = mentions_in(build_skeleton(text.encode(), "a.py").body)
    for name, found in mentions.items():
        part = build_skeleton(excerpt(text, word(name)).encode(), "a.py")
        assert part.problem == ""
        assert Counter(map(_gist, mentions_in(part.body)[name])) == Counter(map(_gist, found))
    assert len(mentions) > 40


def _gist(mention: Mention) -> tuple[str, bool, str, str]:
    holder, owner = (one.name if one else "" for one in (mention.holder, mention.owner))
    return mention.moment, mention.is_quoted, holder, owner
