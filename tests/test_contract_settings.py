"""Contracts in settings: read, or refused with everything that is wrong at once."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from import_graphs import graph_of, write_files

from threadly_lint.program.contracts.declared import declared_contracts
from threadly_lint.program.contracts.model import AllowedImport, Forbidden, Layer, Layers, Origin
from threadly_lint.program.contracts.verdicts import judge_project
from threadly_lint.project import load_project
from threadly_lint.settings import SettingsError

OURS = "[[tool.threadly-lint.layers.contracts]]\n"


def problems(folder: Path, **files: str) -> list[str]:
    """What is wrong with the contracts in settings files; ``pyproject`` and ``importlinter`` are their texts."""
    names = {"pyproject": "pyproject.toml", "importlinter": ".importlinter"}
    write_files(folder, {names[name]: dedent(text) for name, text in files.items()})
    with pytest.raises(SettingsError) as caught:
        declared_contracts(load_project(folder))
    return list(caught.value.problems)


def test_our_words(tmp_path: Path) -> None:
    text = """
        [tool.threadly-lint.layers]
        imports = ["load", "conditional"]

        [[tool.threadly-lint.layers.contracts]]
        name = "Shop"
        type = "layers"
        containers = ["shop"]
        layers = ["api", "(jobs) | services", "store : cache"]
        closed = ["services"]
        exhaustive = true
        exhaustive-ignores = ["texts"]
        allow = [{ importer = "shop.store.*", imported = "shop.api", reason = "for now" }]
        unmatched = "warn"
        guidance = "Ask the owners."

        [[tool.threadly-lint.layers.contracts]]
        type = "forbidden"
        source-modules = "shop.api"
        forbidden-modules = ["sqlalchemy"]
        allow-indirect-imports = true
        as-packages = false
        imports = ["load"]
        """
    write_files(tmp_path, {"pyproject.toml": dedent(text)})
    origin = Origin("pyproject.toml")
    assert declared_contracts(load_project(tmp_path)) == (
        Layers(
            name="Shop",
            origin=origin,
            allowed=(AllowedImport("shop.store.*", "shop.api"),),
            unmatched="warn",
            kinds=frozenset({"load", "conditional"}),
            guidance="Ask the owners.",
            layers=(
                Layer(("api",)),
                Layer(("jobs", "services"), frozenset({"jobs"}), is_closed=True),
                Layer(("store", "cache"), is_independent=False),
            ),
            containers=("shop",),
            is_exhaustive=True,
            exhaustive_ignores=frozenset({"texts"}),
        ),
        Forbidden(
            name="contract 2",
            origin=origin,
            kinds=frozenset({"load"}),
            sources=("shop.api",),
            targets=("sqlalchemy",),
            direct_only=True,
            as_packages=False,
        ),
    )


def test_all_problems_of_our_words_at_once(tmp_path: Path) -> None:
    text = """
        [tool.threadly-lint.layers]
        import = ["load"]
        imports = ["lode"]

        [[tool.threadly-lint.layers.contracts]]
        name = "Zero"
        type = "layer"
        more = 1

        [[tool.threadly-lint.layers.contracts]]
        name = "No type"

        [[tool.threadly-lint.layers.contracts]]
        name = "One"
        type = "layers"
        layers = ["a | b : c", "b", "a.d", "a"]
        closed = ["e"]
        exhaustiv = true

        [[tool.threadly-lint.layers.contracts]]
        type = "independence"
        modules = ["a.*x", "a.**.*", "b..c", 3]
        allow = ["a -> b", { importer = "a", imported = "b*", reason = " " }]
        unmatched = "loud"

        [[tool.threadly-lint.layers.contracts]]
        type = "public-interface"
        public = ["a.b"]
        as-packages = "maybe"

        [[tool.threadly-lint.layers.contracts]]
        type = "acyclic-siblings"
        ancestors = ["a"]
        skip-descendants = ["a"]
        depth = -1
        """
    places = (" `Zero`", " `No type`", " `One`", "[4]", "[5]", "[6]")
    zero, missing, one, two, three, four = (f"pyproject.toml: layers.contracts{place}: " for place in places)
    types = "`layers` or `forbidden` or `independence` or `protected` or `private-modules` or `acyclic-siblings`"
    assert problems(tmp_path, pyproject=text) == [
        "pyproject.toml: layers: `imports`: `lode` is none of load, conditional, local, script, type-checking",
        "pyproject.toml: layers: unknown key `import`; did you mean `imports`?",
        f"{zero}`type`: expected {types} or `public-interface`, not `layer`",
        f"{missing}`type`: is missing",
        f"{one}`layers`: `a | b : c` mixes `|` and `:`",
        f"{one}`layers`: `a` is there more than once",
        f"{one}`layers`: `a` contains `a.d`",
        f"{one}`closed`: `e` is no layer",
        f"{one[:-2]}: unknown key `exhaustiv`; did you mean `exhaustive`?",
        f"{two}`allow`: expected tables like {{ importer = \"a\", imported = \"b\", reason = \"...\" }}",
        f"{two}`allow`: `b*`: a wildcard can only replace a whole name",
        f"{two}`allow`: `a -> b*` needs a reason",
        f"{two}`unmatched`: expected `error` or `warn` or `none`, not `loud`",
        f"{two}`modules`: expected texts",
        f"{three}`package`: is missing",
        f"{three[:-2]}: unknown key `as-packages`; did you mean `package`?",
        f"{four}`skip-descendants`: `a` is also an ancestor",
        f"{four}`depth`: expected a whole number, not `-1`",
    ]  # fmt: skip


def test_all_problems_of_import_linter_at_once(tmp_path: Path) -> None:
    text = """
        [importlinter]
        root_packages =
        contract_types =
            mine: shop.contracts.Mine

        [importlinter:contract:one]
        type = mine

        [importlinter:contract:two]
        name = Two
        type = forbiden
        source_modules = a.**.*

        [importlinter:contract:three]
        name = Three
        type = layers
        layers = a
        exhaustive = true
        ignore_imports =
            a
            a -> b*
        closed = a
        """
    known = (
        "broken_contract_guidance, containers, exhaustive, exhaustive_ignores, id, ignore_imports, layers, name, type"
    )
    types = "`layers` or `forbidden` or `independence` or `protected` or `private_modules` or `acyclic_siblings`"
    place = ".importlinter: contract"
    found = problems(tmp_path, importlinter=text)
    assert found[0] == ".importlinter: importlinter: `root_packages`: is missing"
    assert found[1].startswith(f"{place} `one`: `type`: only import-linter can check a type that the project defines")
    assert found[2:] == [
        f"{place} `Two`: `type`: expected {types}, not `forbiden`",
        f"{place} `Three`: `ignore_imports`: `a`: expected `importer -> imported`",
        f"{place} `Three`: `ignore_imports`: `a -> b*`: a wildcard can only replace a whole name",
        f"{place} `Three`: `exhaustive`: takes containers",
        f"{place} `Three`: unknown key `closed`; known are {known}, unmatched_ignore_imports_alerting",
    ]


def test_broken_files_are_problems_only_when_they_may_be_meant(tmp_path: Path) -> None:
    write_files(tmp_path, {"setup.cfg": "[metadata\n"})
    assert declared_contracts(load_project(tmp_path)) == ()
    found = problems(tmp_path, importlinter="[importlinter]\nroot_package = a\nroot_package = b\n")
    assert len(found) == 1
    assert found[0].startswith(".importlinter: cannot be read: ")


def test_first_file_in_the_order_of_import_linter_counts(tmp_path: Path) -> None:
    ini = "[importlinter]\nroot_package = a\n[importlinter:contract:{0}]\nname = {0}\ntype = private_modules\n"
    toml = "root_package = 'a'\ncontracts = [{ name = 'C', type = 'private_modules' }]\n"
    write_files(
        tmp_path,
        {
            "setup.cfg": ini.format("A"),
            ".importlinter": ini.format("B"),
            "pyproject.toml": f"[tool.importlinter]\n{toml}",
        },
    )
    for name in ("setup.cfg", ".importlinter", "pyproject.toml"):
        (contract,) = declared_contracts(load_project(tmp_path))
        assert contract.origin.file == name
        (tmp_path / name).unlink()
    assert declared_contracts(load_project(tmp_path)) == ()


def test_settings_beside_a_source_root_are_found_and_isolated_ones_are_not(tmp_path: Path) -> None:
    ini = "[importlinter]\nroot_package = app\n[importlinter:contract:one]\nname = One\ntype = private_modules\n"
    write_files(tmp_path, {"back/app/__init__.py": "", "back/app/api.py": "from app import store\n"})
    write_files(tmp_path, {"back/app/store.py": "", "back/.importlinter": ini, "pyproject.toml": ""})
    project = load_project(tmp_path)
    assert [contract.origin.file for contract in declared_contracts(project)] == ["back/.importlinter"]
    assert declared_contracts(load_project(tmp_path, isolated=True)) == ()


def test_contracts_that_fit_nothing_are_misfits_at_their_line(tmp_path: Path) -> None:
    text = """
        [importlinter]
        root_packages =
            shop
            nowhere

        [importlinter:contract:one]
        name = One
        type = private_modules
        """
    write_files(tmp_path, {"shop/__init__.py": "", "shop/api.py": "import shop\n", ".importlinter": dedent(text)})
    verdicts = judge_project(graph_of(tmp_path))
    (misfit,) = verdicts.misfits
    assert (misfit.message, misfit.path, misfit.span.line) == (
        "package `nowhere` is not in the project",
        ".importlinter",
        5,
    )
    assert not verdicts.keeps(verdicts.contracts[0])


def test_a_chain_has_all_its_links(tmp_path: Path) -> None:
    contract = 'type = "independence"\nmodules = ["a.one", "a.two"]\n'
    files = {
        "a/__init__.py": "",
        "a/one.py": "def f():\n    import a.way\nimport a.way\n",
        "a/way.py": "\nfrom a import two\n",
        "a/two.py": "",
    }
    write_files(tmp_path, {"pyproject.toml": OURS + contract, **files})
    (violation,) = judge_project(graph_of(tmp_path)).violations
    assert violation.names == ("a.one", "a.way", "a.two")
    assert [(link.importer, link.statement.span[0]) for link in violation.trail] == [("a/one.py", 2), ("a/way.py", 2)]
    assert [len(step) for step in violation.steps] == [2, 1]
    assert (violation.path, violation.span.line, violation.symbol) == ("a/one.py", 2, "f")
