"""Receivers that only astroid can tell: asked where it matters, of texts alone, within a budget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from reach import program_of

from threadly_lint.knowledge import load_knowledge
from threadly_lint.program import Program
from threadly_lint.program.inference import BUDGET, Answer, Budget, Inference
from threadly_lint.program.interpreter.stubs import Stubs
from threadly_lint.project import load_project
from threadly_lint.registry import Registry, load_registry
from threadly_lint.run import Request, read_program, run

HEAD = """
from fastapi import FastAPI
from sqlalchemy.orm import Session

app = FastAPI()
"""
ENUMERATION = """
import enum

class Store(enum.Enum):
    MAIN = Session()

@app.post("/orders")
def order():
    Store.MAIN.value.commit()
"""


def inferring(folder: Path, files: dict[str, str], budget: Budget = BUDGET) -> Program:
    program = program_of(folder, files)
    names = {file.path: file.module for file in program.project.files}
    program.inference = Inference(names, lambda path: (folder / path).read_text(), load_knowledge(), budget)
    return program


def commits(program: Program) -> int:
    return sum(o.effect == "commit" for e in program.entry_points for r in e.runs for o in r.inside)


def answers(program: Program) -> list[Answer]:
    assert program.inference is not None
    return list(program.inference.answers.values())


@pytest.mark.parametrize(
    "source",
    [
        ENUMERATION,
        """
        import helpers

        helpers.session = Session()

        @app.post("/orders")
        def order():
            helpers.session.commit()
        """,
    ],
    ids=["enumeration", "set on a module"],
)
def test_receivers_that_only_astroid_knows(tmp_path: Path, source: str) -> None:
    files = {"app.py": HEAD + dedent(source), "helpers.py": "x = 1\n"}
    assert commits(program_of(tmp_path, files)) == 0
    program = inferring(tmp_path, files)
    assert commits(program) == 1
    assert answers(program) == [("", "sqlalchemy.orm.Session")]


def test_an_instance_of_a_class_of_the_project_runs_its_methods(tmp_path: Path) -> None:
    shop = """
    import enum
    from sqlalchemy.orm import Session

    class Basket:
        def save(self):
            Session().commit()

    class Shop(enum.Enum):
        BASKET = Basket()
    """
    source = 'from shop import Shop\n\n@app.post("/orders")\ndef order():\n    Shop.BASKET.value.save()\n'
    program = inferring(tmp_path, {"app.py": HEAD + source, "shop.py": shop})
    assert commits(program) == 1
    assert answers(program) == [("shop.py", "shop.Basket")]


def test_columns_are_counted_in_characters(tmp_path: Path) -> None:
    source = ENUMERATION.replace("Store.MAIN.value.commit()", "'é', Store.MAIN.value.commit()")
    assert commits(inferring(tmp_path, {"app.py": HEAD + source})) == 1


@pytest.mark.parametrize(
    "source",
    [
        ENUMERATION.replace("MAIN = Session()", "MAIN = Session() if big else object()"),
        ENUMERATION.replace("MAIN = Session()", "MAIN = unheard_of()"),
        ENUMERATION.replace("commit()", "whatever()"),
        ENUMERATION.replace('@app.post("/orders")\n', ""),
    ],
    ids=["several classes", "unknown", "a method without effect", "not reached"],
)
def test_what_is_uncertain_or_does_not_matter_stays_unknown(tmp_path: Path, source: str) -> None:
    program = inferring(tmp_path, {"app.py": HEAD + source})
    assert commits(program) == 0
    assert set(answers(program)) <= {None}


def test_names_that_several_files_share_are_unknown() -> None:
    text = "import redis\nredis.Redis().get('x')\n"
    names = {"one/app.py": "app", "two/app.py": "app", "three/shop.py": "shop"}
    inference = Inference(names, lambda path: text, load_knowledge())
    assert inference.receiver("one/app.py", (2, 1, 2, 14)) is None
    assert inference.receiver("three/shop.py", (2, 1, 2, 14)) == ("", "redis.Redis")


def test_when_the_budget_ends_the_answer_is_unknown(tmp_path: Path) -> None:
    second = '\n@app.delete("/orders")\ndef cancel():\n    Store.MAIN.value.commit()\n'
    files = {"app.py": HEAD + ENUMERATION + second}
    assert commits(inferring(tmp_path, files)) == 2
    assert commits(inferring(tmp_path, files, Budget(questions=1))) == 1
    assert commits(inferring(tmp_path, files, Budget(questions=0))) == 0
    assert commits(inferring(tmp_path, files, Budget(characters=100))) == 0


def test_an_answer_does_not_depend_on_what_was_asked_before(tmp_path: Path) -> None:
    second = ENUMERATION.replace("Store", "Shelf").replace("order", "cancel")
    program = inferring(tmp_path, {"app.py": HEAD + ENUMERATION + second})
    assert commits(program) == 2
    assert program.inference is not None
    places = list(program.inference.answers)
    for order in (places, places[::-1]):
        again = inferring(tmp_path, {}).inference
        assert again is not None
        for place in order:
            path, _, span = place.partition(":")
            line, column, end_line, end_column = map(int, span.split(","))
            assert again.receiver(path, (line, column, end_line, end_column)) == ("", "sqlalchemy.orm.Session")


def test_nothing_of_the_project_or_the_machine_is_imported(tmp_path: Path) -> None:
    """Both a module of the project and an installed library would leave a file behind."""
    project, site = tmp_path / "project", tmp_path / "site"
    project.mkdir()
    site.mkdir()
    trap = "open({!r}, 'w').close()\n\ndef make():\n    return object()\n"
    (site / "installed_thing.py").write_text(trap.format(str(tmp_path / "library ran")))
    effect = f"open({str(tmp_path / 'project ran')!r}, 'w').close()\n"
    source = effect + HEAD + ENUMERATION.replace("MAIN = Session()", "MAIN = installed_thing.make()")
    (project / "app.py").write_text("import installed_thing, sqlite3, _bisect\n" + source)
    (project / "pyproject.toml").write_text("[tool.threadly-lint]\ninference = true\n")
    script = f"""
        import sys
        sys.path.insert(0, {str(site)!r})
        from pathlib import Path
        from threadly_lint.project import load_project
        from threadly_lint.run import read_program
        program = read_program(load_project(Path({str(project)!r})))
        before = set(sys.modules)
        assert [list(r.occurrences) for e in program.entry_points for r in e.runs]
        assert list(program.inference.answers.values()) == [None], program.inference.answers
        loaded = sorted(name for name in set(sys.modules) - before if name.partition(".")[0] != "astroid")
        assert not {{"app", "installed_thing", "_bisect"}} & set(loaded) - before, loaded
    """
    ran = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["project", "site"]


def test_astroid_of_others_is_left_as_it_was(tmp_path: Path) -> None:
    from astroid.manager import AstroidManager

    before = AstroidManager.brain, set(AstroidManager.brain["astroid_cache"])
    assert commits(inferring(tmp_path, {"app.py": HEAD + ENUMERATION})) == 1
    assert AstroidManager.brain is before[0]
    assert set(AstroidManager.brain["astroid_cache"]) - before[1] <= {"builtins"}


# Through a whole run ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


def codes(folder: Path, registry: Registry, cache: Path | None = None) -> set[str]:
    project = load_project(folder)
    return {f.code for f in run(project, registry, Request(project.settings, cache_dir=cache)).findings}


def write_project(folder: Path, *settings: str) -> None:
    (folder / "pyproject.toml").write_text("\n".join(["[tool.threadly-lint]", *settings]) + "\n")
    (folder / "app.py").write_text(HEAD + ENUMERATION)


def test_the_setting_switches_it(tmp_path: Path, registry: Registry) -> None:
    write_project(tmp_path)
    assert read_program(load_project(tmp_path)).inference is None
    assert "TLA001" not in codes(tmp_path, registry)
    write_project(tmp_path, "inference = true")
    assert "TLA001" in codes(tmp_path, registry)


def test_answers_are_kept_for_the_same_content(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, "inference = true")
    cache = tmp_path / ".cache"
    asked: list[str] = []
    honest = Inference._infer

    def counting(self: Inference, path: str, span: tuple[int, int, int, int]) -> Answer:
        asked.append(path)
        return honest(self, path, span)

    monkeypatch.setattr(Inference, "_infer", counting)
    cold = codes(tmp_path, registry, cache)
    project = load_project(tmp_path)
    assert cold == {f.code for f in run(project, registry, Request(project.settings)).findings}
    assert asked == ["app.py", "app.py"]
    other = Request(project.settings, leave_noqa=True, cache_dir=cache)
    assert cold == {f.code for f in run(project, registry, other).findings}
    assert asked == ["app.py", "app.py"]
    (tmp_path / "app.py").write_text(HEAD + ENUMERATION.replace("Store", "Other"))
    assert cold == codes(tmp_path, registry, cache)
    assert asked == ["app.py"] * 3


# Stubs -----------------------------------------------------------------------------------------------------------------------


def test_stubs_are_python_for_every_known_module() -> None:
    stubs = Stubs(load_knowledge())
    modules = list(stubs.modules)
    assert {"sqlalchemy", "sqlalchemy.orm", "redis", "requests", "builtins"} <= {*modules, "builtins"}
    for module in modules:
        compile(stubs.text(module) or "", module, "exec")


def test_a_stub_returns_what_knowledge_says() -> None:
    stubs = Stubs(load_knowledge())
    text = stubs.text("sqlalchemy.orm") or ""
    assert "class Session:\n    def __init__(self, *args, **kwargs): pass\n" in text
    assert "        from sqlalchemy.orm import Query\n        return Query()\n" in text
    assert stubs.text("nothing.of.the.kind") is None
