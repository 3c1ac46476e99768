"""Source roots, module names, and how imports find modules, without ``__init__.py`` and without installing anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadly_lint.project import Project, SourceFile, SourceRoot, load_project
from threadly_lint.project.roots import assign_roots
from threadly_lint.settings import Settings


def load(root: Path, files: Mapping[str, str]) -> Project:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return load_project(root)


def names(project: Project) -> dict[str, tuple[str, str]]:
    """Source root and module name by path."""
    return {file.path: (file.root, file.module) for file in project.files}


def file_at(project: Project, path: str) -> SourceFile:
    found = project.file(path)
    assert found
    return found


def found_from(project: Project, importer: str, dotted: str) -> str | None:
    found = project.find_module(dotted, file_at(project, importer))
    return found.path if found else None


def test_a_flat_layout_starts_at_the_project_root(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/models/__init__.py": "",
            "app/models/user.py": "",
            "app/main.py": "from app.models import user",
            "manage.py": "import app.main",
        },
    )
    assert names(project) == {
        "app/__init__.py": ("", "app"),
        "app/main.py": ("", "app.main"),
        "app/models/__init__.py": ("", "app.models"),
        "app/models/user.py": ("", "app.models.user"),
        "manage.py": ("", "manage"),
    }
    assert [file.path for file in project.files if file.is_package] == ["app/__init__.py", "app/models/__init__.py"]


def test_no_init_files_are_needed(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "app/api/views.py": "from app.core.db import session",
            "app/core/db.py": "",
            "app/main.py": "import app.api.views",
        },
    )
    assert names(project)["app/core/db.py"] == ("", "app.core.db")
    assert found_from(project, "app/main.py", "app.api.views") == "app/api/views.py"
    assert project.find_module("app.api") is None
    assert project.is_package("app.api")
    assert not project.is_package("app.api.views")
    assert not project.is_package("app.nothing")


@pytest.mark.parametrize(
    "packaging",
    [
        {},
        {"pyproject.toml": "[project]\nname = 'shop'\n"},
        {"pyproject.toml": "[tool.setuptools.packages.find]\nwhere = ['src']\n"},
        {"setup.py": "from setuptools import setup\nsetup(package_dir={'': 'src'})\n"},
    ],
)
def test_a_src_layout_is_seen_by_its_imports(tmp_path: Path, packaging: dict[str, str]) -> None:
    files = {"src/shop/__init__.py": "", "src/shop/a.py": "from shop.b import c", "src/shop/b.py": ""}
    project = load(tmp_path, {**files, "tests/test_a.py": "from shop import a", **packaging})
    assert names(project)["src/shop/b.py"] == ("src", "shop.b")
    assert names(project)["tests/test_a.py"] == ("", "tests.test_a")
    assert found_from(project, "tests/test_a.py", "shop.a") == "src/shop/a.py"


def test_a_folder_named_src_is_a_package_when_imports_say_so(tmp_path: Path) -> None:
    project = load(tmp_path, {"src/app/a.py": "from src.app.b import c", "src/app/b.py": "", "setup.cfg": ""})
    assert names(project)["src/app/b.py"] == ("", "src.app.b")


def test_services_side_by_side_keep_to_themselves(tmp_path: Path) -> None:
    service = {"app/main.py": "from app.db import session", "app/db.py": "", "requirements.txt": ""}
    project = load(
        tmp_path, {f"{name}/{path}": text for name in ("service-a", "service-b") for path, text in service.items()}
    )
    assert names(project) == {
        "service-a/app/db.py": ("service-a", "app.db"),
        "service-a/app/main.py": ("service-a", "app.main"),
        "service-b/app/db.py": ("service-b", "app.db"),
        "service-b/app/main.py": ("service-b", "app.main"),
    }
    for name in ("service-a", "service-b"):
        assert found_from(project, f"{name}/app/main.py", "app.db") == f"{name}/app/db.py"


def test_a_service_does_not_borrow_missing_modules_of_a_package_that_it_has(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "a/app/__init__.py": "",
            "a/app/main.py": "import app.extra, app.main2",
            "a/app/main2.py": "",
            "b/app/__init__.py": "",
            "b/app/main.py": "import app.extra",
            "b/app/extra.py": "",
        },
    )
    assert found_from(project, "a/app/main.py", "app.extra") is None
    assert found_from(project, "b/app/main.py", "app.extra") == "b/app/extra.py"


def test_a_library_next_door_is_found(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "libs/common/src/common/__init__.py": "",
            "libs/common/src/common/log.py": "",
            "libs/common/pyproject.toml": "[build-system]\n",
            "service-a/app/main.py": "from common.log import logger\nfrom app import db",
            "service-a/app/db.py": "",
        },
    )
    assert names(project)["libs/common/src/common/log.py"] == ("libs/common/src", "common.log")
    assert found_from(project, "service-a/app/main.py", "common.log") == "libs/common/src/common/log.py"


def test_the_nearest_root_wins_among_several(tmp_path: Path) -> None:
    files = {}
    for home in ("one", "two"):
        files |= {f"{home}/x/shared/kit.py": "", f"{home}/x/use.py": "import shared.kit", f"{home}/y/tool.py": ""}
        files |= {f"{home}/x/pyproject.toml": "", f"{home}/y/pyproject.toml": "", f"{home}/y/lone.py": "import tool"}
    project = load(tmp_path, files)
    assert found_from(project, "one/y/tool.py", "shared.kit") == "one/x/shared/kit.py"
    assert found_from(project, "two/y/tool.py", "shared.kit") == "two/x/shared/kit.py"


def test_a_folder_with_packaging_files_is_not_taken_for_the_package_of_that_name(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "iris/setup.py": "",
            "iris/src/iris/__init__.py": "",
            "iris/src/iris/api.py": "",
            "iris/test/test_api.py": "import iris\nfrom iris import api",
        },
    )
    assert names(project)["iris/src/iris/api.py"] == ("iris/src", "iris.api")
    assert names(project)["iris/test/test_api.py"] == ("iris", "test.test_api")
    assert found_from(project, "iris/test/test_api.py", "iris") == "iris/src/iris/__init__.py"


def test_django_applications_start_beside_manage_py(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "backend/manage.py": "import os",
            "backend/site/settings.py": "",
            "backend/site/urls.py": "from shop.views import home",
            "backend/shop/__init__.py": "",
            "backend/shop/views.py": "from .models import Product",
            "backend/shop/models.py": "",
            "frontend/package.json": "",
        },
    )
    assert {file.root for file in project.files} == {"backend"}
    assert file_at(project, "backend/shop/views.py").module == "shop.views"


def test_applications_below_a_folder_that_manage_py_puts_on_the_path(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "manage.py": "import sys\nsys.path.append('apps')",
            "config/urls.py": "from users.views import home\nfrom config import settings",
            "config/settings.py": "",
            "apps/users/__init__.py": "",
            "apps/users/views.py": "from users.models import User",
            "apps/users/models.py": "from .kinds import Kind",
            "apps/users/kinds.py": "",
        },
    )
    assert names(project)["apps/users/models.py"] == ("apps", "users.models")
    assert names(project)["config/urls.py"] == ("", "config.urls")


def test_a_package_can_be_a_source_root_when_most_imports_start_inside_it(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "studio/__init__.py": "",
            "studio/manage.py": "from studio.core.settings import base",
            "studio/core/__init__.py": "",
            "studio/core/settings.py": "",
            "studio/core/utils.py": "from core.settings import DEBUG",
            "studio/users/__init__.py": "",
            "studio/users/api.py": "from core.utils import one\nfrom users.models import User\nimport core.settings",
            "studio/users/models.py": "from core.utils import two",
        },
    )
    assert names(project)["studio/users/api.py"] == ("studio", "users.api")
    assert found_from(project, "studio/users/api.py", "core.utils") == "studio/core/utils.py"
    assert found_from(project, "studio/manage.py", "studio.core.settings") == "studio/core/settings.py"


def test_a_module_named_like_a_library_does_not_stand_in_for_it(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/redis.py": "import redis\nclient = redis.Redis()",
            "app/stripe.py": "def charge(): ...",
            "app/pay.py": "import stripe\nfrom .stripe import charge",
            "app/cache.py": "import redis\nimport stripe\nfrom app.redis import client",
        },
    )
    assert {file.root for file in project.files} == {""}
    assert found_from(project, "app/cache.py", "redis") is None
    assert found_from(project, "app/cache.py", "stripe") is None
    assert found_from(project, "app/cache.py", "app.redis") == "app/redis.py"


def test_scripts_find_their_neighbours(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "app/main.py": "import app.db",
            "app/db.py": "",
            "tools/generate.py": "import helper\nfrom app import db",
            "tools/helper.py": "",
            "my-scripts/run.py": "import steps",
            "my-scripts/steps.py": "",
        },
    )
    assert names(project)["tools/helper.py"] == ("tools", "helper")
    assert names(project)["my-scripts/run.py"] == ("my-scripts", "run")
    assert found_from(project, "tools/generate.py", "helper") == "tools/helper.py"
    assert found_from(project, "tools/generate.py", "app.db") == "app/db.py"
    assert found_from(project, "my-scripts/run.py", "steps") == "my-scripts/steps.py"


def test_the_standard_library_is_never_found_in_another_root(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "app/main.py": "import app.db\nimport logging",
            "app/db.py": "",
            "x-y/logging.py": "",
            "x-y/run.py": "import logging",
        },
    )
    assert found_from(project, "app/main.py", "logging") is None
    assert found_from(project, "x-y/run.py", "logging") == "x-y/logging.py"


def test_packages_go_before_modules_and_sources_before_stubs(tmp_path: Path) -> None:
    project = load(tmp_path, {"a/__init__.py": "", "a.py": "", "b.py": "", "b.pyi": "", "c.pyi": ""})
    assert found_from(project, "b.py", "a") == "a/__init__.py"
    assert found_from(project, "b.py", "b") == "b.py"
    assert found_from(project, "b.py", "c") == "c.pyi"


def test_names_that_differ_in_case_are_different(tmp_path: Path) -> None:
    project = load(tmp_path, {"app/__init__.py": "", "app/Models.py": "", "app/main.py": ""})
    assert found_from(project, "app/main.py", "app.Models") == "app/Models.py"
    assert found_from(project, "app/main.py", "app.models") is None


@pytest.mark.parametrize(
    ("importer", "level", "module", "expected"),
    [
        ("app/api/views.py", 1, "", "app.api"),
        ("app/api/views.py", 1, "forms", "app.api.forms"),
        ("app/api/views.py", 2, "core.db", "app.core.db"),
        ("app/api/views.py", 3, "core", None),
        ("app/api/__init__.py", 1, "views", "app.api.views"),
        ("app/api/__init__.py", 2, "", "app"),
        ("app/api/__init__.py", 3, "", None),
        ("app/__init__.py", 1, "api", "app.api"),
        ("app/__init__.py", 2, "api", None),
        ("run.py", 1, "app", None),
    ],
)
def test_relative_imports(tmp_path: Path, importer: str, level: int, module: str, expected: str | None) -> None:
    files = ["run.py", "app/__init__.py", "app/api/__init__.py", "app/api/views.py"]
    project = load(tmp_path, dict.fromkeys(files, ""))
    assert project.resolve_relative(file_at(project, importer), level, module) == expected


def test_relative_imports_show_packages_without_init(tmp_path: Path) -> None:
    project = load(
        tmp_path, {"app/views.py": "from .models import User\nimport stripe", "app/models.py": "", "app/stripe.py": ""}
    )
    assert names(project)["app/views.py"] == ("", "app.views")
    assert found_from(project, "app/views.py", "stripe") is None


def test_settings_name_the_source_roots(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "pyproject.toml": "[tool.threadly-lint]\nsrc = ['code/python', 'code', './lib/']\n",
            "code/python/app/a.py": "from code.python.app import b",
            "code/b.py": "",
            "lib/c.py": "",
            "other/d.py": "",
        },
    )
    assert names(project) == {
        "code/b.py": ("code", "b"),
        "code/python/app/a.py": ("code/python", "app.a"),
        "lib/c.py": ("lib", "c"),
        "other/d.py": ("", "other.d"),
    }


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[tool.setuptools.package-dir]\n'' = 'python'\n"),
        ("pyproject.toml", "[tool.setuptools.package-dir]\nkit = 'python/kit'\n"),
        ("pyproject.toml", "[tool.setuptools.packages.find]\nwhere = ['python']\n"),
        ("pyproject.toml", "[[tool.poetry.packages]]\ninclude = 'kit'\nfrom = 'python'\n"),
        ("pyproject.toml", "[tool.hatch.build.targets.wheel]\npackages = ['python/kit']\n"),
        ("pyproject.toml", "[tool.hatch.build]\nsources = ['python']\n"),
        ("pyproject.toml", "[tool.hatch.build.sources]\n'python/kit' = 'kit'\n"),
        ("pyproject.toml", "[tool.pdm.build]\npackage-dir = 'python'\n"),
        ("pyproject.toml", "[tool.uv.build-backend]\nmodule-root = 'python'\n"),
        ("pyproject.toml", "[tool.maturin]\npython-source = 'python'\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = 'python'\n"),
        ("setup.cfg", "[options]\npackage_dir =\n    = python\n"),
        ("setup.cfg", "[options.packages.find]\nwhere = python\n"),
        ("setup.py", "setup(package_dir={'': 'python'})"),
        ("setup.py", "setup(packages=find_packages('python'))"),
        ("setup.py", "setup(packages=find_packages(where='python'))"),
    ],
)
def test_packaging_files_name_source_roots_when_no_import_does(tmp_path: Path, file: str, text: str) -> None:
    project = load(tmp_path, {f"part/{file}": text, "part/python/kit/a.py": "import os"})
    assert names(project)["part/python/kit/a.py"] == ("part/python", "kit.a")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[tool.setuptools"),
        (
            "pyproject.toml",
            "[tool]\nsetuptools = 3\npoetry = { packages = [1, {}] }\nhatch = { build = { sources = 1 } }\n",
        ),
        ("pyproject.toml", "[tool.setuptools.packages.find]\nwhere = ['../elsewhere']\n"),
        ("pyproject.toml", "[tool.setuptools]\npackage-dir = { kit = 3 }\n"),
        ("setup.cfg", "no section\n"),
        ("setup.py", "setup("),
    ],
)
def test_packaging_files_that_make_no_sense_declare_nothing(tmp_path: Path, file: str, text: str) -> None:
    project = load(tmp_path, {f"part/{file}": text, "part/kit/a.py": "import os"})
    assert names(project)["part/kit/a.py"] == ("part", "kit.a")


def test_a_folder_installed_under_another_name(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        {
            "pyproject.toml": "[tool.setuptools.package-dir]\nkit = 'kit'\n'kit.rules' = 'rules'\n",
            "kit/__init__.py": "",
            "kit/rule.py": "",
            "rules/__init__.py": "",
            "rules/first.py": "from kit.rule import Rule",
            "tests/test_first.py": "from kit.rules.first import check",
        },
    )
    assert names(project)["rules/__init__.py"] == ("rules", "kit.rules")
    assert names(project)["rules/first.py"] == ("rules", "kit.rules.first")
    assert found_from(project, "tests/test_first.py", "kit.rules.first") == "rules/first.py"
    assert found_from(project, "rules/first.py", "kit.rule") == "kit/rule.py"
    assert project.is_package("kit.rules")
    assert project.resolve_relative(file_at(project, "rules/first.py"), 1, "second") == "kit.rules.second"


def test_a_stray_init_at_the_project_root_is_a_module(tmp_path: Path) -> None:
    project = load(
        tmp_path, {"pyproject.toml": "[tool.threadly-lint]\n", "__init__.py": "", "app/a.py": "import app.a"}
    )
    assert names(project) == {"__init__.py": ("", "__init__"), "app/a.py": ("", "app.a")}


_FOLDERS = st.lists(st.sampled_from(["a", "b", "src", "x-y"]), max_size=3)
_PATHS = st.builds(
    lambda folders, name: "/".join([*folders, name]), _FOLDERS, st.sampled_from(["a.py", "b.py", "__init__.py"])
)
_IMPORTS = st.sampled_from(["a", "b", "a.b", "src.a", "b.a.b", ".", ".a", "..b", "...", "redis", "os"])


@given(
    files=st.dictionaries(_PATHS, st.sets(_IMPORTS, max_size=3), min_size=1, max_size=8),
    markers=st.sets(_FOLDERS.map("/".join), max_size=2),
    declared=st.sets(st.builds(SourceRoot, _FOLDERS.map("/".join), st.sampled_from(["", "p", "p.q"])), max_size=2),
)
def test_every_file_has_a_root_around_it_and_is_found_by_its_name(
    files: dict[str, set[str]], markers: set[str], declared: set[SourceRoot]
) -> None:
    roots = assign_roots(files, imports=files, declared=declared, markers=markers)
    project = Project(Path("/project"), Settings(), roots)
    assert [file.path for file in project.files] == sorted(files)
    for file in project.files:
        assert not file.root or file.path.startswith(file.root + "/")
        found = project.find_module(file.module, file)
        if file.module != "__init__":
            assert found
            assert found.module == file.module or found.root != file.root
