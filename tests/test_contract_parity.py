"""Contracts in import-linter's settings get import-linter's verdicts."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from import_graphs import graph_of, write_files
from importlinter import configuration
from importlinter.application import use_cases

from threadly_lint.program.contracts.verdicts import judge_project

configuration.configure()
use_cases._register_built_in_contract_types()
PACKAGE_NAMES = (f"parity_{number}" for number in itertools.count())

SHOP = {
    "__init__.py": "",
    "main.py": "from shop.api import routes\nimport shop.jobs\n",
    "api/__init__.py": "from shop.api.routes import router",
    "api/routes.py": "from shop.services import orders\nfrom shop.services.orders import place\nrouter = 1",
    "api/_forms.py": "import requests",
    "services/__init__.py": "",
    "services/orders.py": (
        "from typing import TYPE_CHECKING\nfrom ..db import models\nfrom shop.api._forms import x\n"
        "if TYPE_CHECKING:\n    from shop.api.routes import router\n"
    ),
    "services/mail.py": "import smtplib\nfrom shop import util\n",
    "db/__init__.py": "from .models import *",
    "db/models.py": "from shop import util\ndef lazy():\n    from shop.services import mail\n",
    "db/raw.py": "import sqlalchemy.orm\nfrom . import models",
    "jobs.py": "from shop.db import raw, nothing",
    "util.py": "import shop.api.routes as routes",
    "orphans/tasks.py": "from shop.api import routes",
    "legacy/__init__.py": "from .a import one",
    "legacy/a.py": "from .b import two\nimport shop.orphans",
    "legacy/b.py": "def two():\n    from . import a",
}
NO_TYPING = "exclude_type_checking_imports = True"
EXTERNAL = "include_external_packages = true"
EXHAUSTIVE = "containers = shop; exhaustive = true"
UNMATCHED = "ignore_imports = shop.main->shop.legacy"
CYCLES_OF_SHOP = (
    "ignore_imports = shop.util->shop.api.routes shop.db.models->shop.services.mail shop.services.orders->shop.api.*"
)

CASES = [
    ("kept", "", "layers; layers = shop.main shop.jobs"),
    ("kept", "", "layers; layers = shop.main (shop.nowhere) shop.jobs|shop.legacy"),
    ("broken", "", "layers; layers = shop.api shop.services shop.db"),
    ("broken", NO_TYPING, "layers; layers = shop.main shop.api shop.services"),
    ("kept", NO_TYPING, "layers; layers = api services; containers = shop; ignore_imports = shop.services.*->**"),
    ("broken", "", "layers; layers = shop.main shop.api|shop.jobs shop.services:shop.db"),
    ("error", "", "layers; layers = shop.main shop.nowhere"),
    ("broken", "", f"layers; layers = main jobs; {EXHAUSTIVE}"),
    (
        "kept",
        "",
        f"layers; layers = main jobs api; {EXHAUSTIVE}; exhaustive_ignores = db services util legacy",
    ),
    ("error", "", "forbidden; source_modules = shop.db; forbidden_modules = requests"),
    ("error", "", "forbidden; source_modules = shop.db; forbidden_modules = shop.nowhere"),
    ("broken", EXTERNAL, "forbidden; source_modules = shop.db; forbidden_modules = requests"),
    (
        "kept",
        EXTERNAL,
        "forbidden; source_modules = shop.db; forbidden_modules = requests celery; allow_indirect_imports = True",
    ),
    ("kept", "", "forbidden; source_modules = shop.legacy; forbidden_modules = shop.api"),
    ("broken", "", "forbidden; source_modules = shop.jobs; forbidden_modules = shop.util; as_packages = false"),
    ("kept", "", "independence; modules = shop.legacy shop.main"),
    ("broken", "", "independence; modules = shop.db shop.services"),
    ("error", "", "independence; modules = shop.db shop.db.raw"),
    ("error", "", f"independence; modules = shop.legacy shop.main; {UNMATCHED}"),
    (
        "kept",
        "",
        f"independence; modules = shop.legacy shop.main; {UNMATCHED}; unmatched_ignore_imports_alerting = warn",
    ),
    ("broken", "", "protected; protected_modules = shop.db; allowed_importers = shop.services"),
    ("kept", "", "protected; protected_modules = shop.db; allowed_importers = shop.services shop.jobs"),
    ("error", EXTERNAL, "protected; protected_modules = shop.db; allowed_importers = requests"),
    ("broken", "", "private_modules"),
    ("kept", "", "private_modules; ignore_imports = shop.services.orders->shop.api._forms"),
    ("error", "", "private_modules; packages_with_private_modules = shop.**"),
    ("broken", "", "acyclic_siblings; ancestors = shop.legacy"),
    ("kept", "", "acyclic_siblings; ancestors = shop.services"),
    (
        "kept",
        "",
        f"acyclic_siblings; ancestors = shop; skip_descendants = shop.legacy; {CYCLES_OF_SHOP}",
    ),
    ("error", "", "acyclic_siblings; ancestors = shop.*.nowhere"),
]


@pytest.mark.parametrize(("expected", "session", "contract"), CASES)
def test_verdicts_are_the_same(
    expected: str, session: str, contract: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = next(PACKAGE_NAMES)
    write_files(tmp_path / package, {name: text.replace("shop", package) for name, text in SHOP.items()})
    write_files(tmp_path, {".importlinter": settings_text(session, contract).replace("shop", package)})
    assert their_verdict(tmp_path, monkeypatch) == expected
    assert our_verdict(tmp_path) == expected


def settings_text(session: str, contract: str) -> str:
    """Settings with one contract, from its type and options in one line."""
    kind, *options = contract.split("; ")
    lines = [f"type = {kind}"]
    for option in options:
        key, _, value = option.partition(" = ")
        words = [word.replace("|", " | ").replace("->", " -> ") for word in value.split()]
        lines.append(f"{key} = {words[0]}" if len(words) == 1 else "\n  ".join([f"{key} =", *words]))
    return "\n".join(
        ["[importlinter]", "root_package = shop", session, "[importlinter:contract:one]", "name = One", *lines]
    )


def their_verdict(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The verdict of import-linter about the only contract in a folder; ``error`` when it gives up."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    try:
        report = use_cases.create_report(use_cases.read_user_options(), cache_dir=None)
    except Exception:
        return "error"
    if report.could_not_run:
        return "error"
    return "broken" if report.contains_failures else "kept"


def our_verdict(folder: Path) -> str:
    """Ours about the same."""
    verdicts = judge_project(graph_of(folder))
    if any(misfit.is_fatal for misfit in verdicts.misfits):
        return "error"
    (contract,) = verdicts.contracts
    return "kept" if verdicts.keeps(contract) else "broken"
