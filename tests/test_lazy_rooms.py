"""A run loads the rules and rooms that it needs, and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from threadly_lint import rule as contract
from threadly_lint.registry import load_registry

MODULES_AFTER_A_RUN = """
import sys
from threadly_lint.cli import main
main(["check", "--no-cache", "--isolated", "--select", "TLG", sys.argv[1]])
print(*sys.modules)
"""


def test_every_name_of_the_contract_can_be_had() -> None:
    missing = [name for name in contract.__all__ if not hasattr(contract, name)]
    assert (missing, hasattr(contract, "Nothing")) == ([], False)


def test_import_rules_need_no_other_rule_and_no_program(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\n")
    words = [sys.executable, "-c", MODULES_AFTER_A_RUN, str(tmp_path)]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    rules = {name for name in loaded if name.startswith("threadly_lint.rules.")}
    assert rules == {
        "threadly_lint.rules.contract_violation",
        "threadly_lint.rules.import_cycle",
        "threadly_lint.rules.unplaced_module",
    }
    assert {"threadly_lint.program.program", "threadly_lint.knowledge", "sqlite3"}.isdisjoint(loaded)


def test_rules_that_wait_are_known_all_the_same() -> None:
    everything, some = load_registry(), load_registry(wants=lambda code: code.startswith("TLG"))
    assert set(some.rules) == {code for code in everything.rules if code.startswith("TLG")}
    assert (some.codes, some.sources) == (everything.codes, everything.sources)
    assert some.nearest("unguarded-database-acces") == "TLA001"
    assert some.hint("TLA01") == everything.hint("TLA01")
    for code, rule in everything.rules.items():
        assert some.describe(code) is rule
        assert some.by_name(rule.name) is rule
