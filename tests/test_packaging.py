"""The built wheel and sdist hold everything, and the wheel works in an environment of its own."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
LEFT_OUT = (".*", "*.egg-info", "__pycache__", "build", "dist")


def run(*command: str | Path, folder: Path) -> str:
    """What the command prints; it must end with 0."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist of the checkout and the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*LEFT_OUT), ignore_dangling_symlinks=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source, folder=folder)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` folder of an environment with the wheel; it borrows everything else from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    home = folder / "bin" if os.name == "posix" else folder / "Scripts"
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", home / "python"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, folder=folder)
    packages = Path(
        run(home / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip()
    )
    (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()))
    return home


def packaged(folder: Path) -> set[str]:
    """All files of the engine and the rules, named as they are installed."""
    engine = {file.relative_to(folder).as_posix() for file in (folder / "threadly_lint").rglob("*.*")}
    rules = {f"threadly_lint/rules/{file.name}" for file in (folder / "rules").glob("*.py")}
    return {name for name in engine | rules if name.endswith((".py", ".toml", ".typed", ".sketch"))}


def test_the_wheel_holds_engine_rules_and_knowledge_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == packaged(built / "source")
    assert "threadly_lint/rules/__init__.py" in names
    assert any(name.startswith("threadly_lint/knowledge/") and name.endswith(".toml") for name in names)
    assert any(name.startswith("threadly_lint/knowledge/sketches/") and name.endswith(".sketch") for name in names)


def test_the_sdist_holds_what_is_needed_to_build_and_test(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = ("pyproject.toml", "setup.py", "LICENSE", "README.md", "CHANGELOG.md", "Makefile", "rules/__init__.py")
    assert names >= {*needed, "tests/conftest.py", "docs/settings.schema.json", "tools/settings_schema.py"}


def test_the_wheel_works_outside_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import threadly_lint.rules as r; print(r.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert "check" in run(installed / "threadly-lint", "--help", folder=tmp_path)
    assert "TLZ001" in run(installed / "threadly-lint", "rules", folder=tmp_path)
    (tmp_path / "app.py").write_text("import os\n")
    run(installed / "threadly-lint", "check", "--no-cache", folder=tmp_path)


def test_the_wheel_finds_what_the_checkout_finds(installed: Path, tmp_path: Path) -> None:
    flawed = ROOT / "examples" / "marketplace" / "flawed"
    words = ("check", str(flawed), "--no-cache", "--preview", "--exit-zero", "--output-format", "json")
    assert '"TLA001"' in (found := run(installed / "threadly-lint", *words, folder=tmp_path))
    assert found == run(sys.executable, "-m", "threadly_lint", *words, folder=tmp_path)


def test_the_rules_are_no_package_of_their_own() -> None:
    done = subprocess.run([sys.executable, "-c", "import rules"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ImportError: these modules are installed as threadly_lint.rules" in done.stderr
