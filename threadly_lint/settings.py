"""What a project decides about its own linting: ``[tool.threadly-lint]`` in the nearest ``pyproject.toml`` upwards.

Keys are written with dashes. Path patterns follow ``.gitignore`` and are relative to the project root.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from threadly_lint.values import CONFIDENCES, Confidence

TABLE = "threadly-lint"
TOP_LEVEL = (
    "requirements.txt", "requirements", "Pipfile", "README.md", "README.rst", "LICENSE", "Dockerfile", "docker-compose.yml",
    ".gitignore", "manage.py",
)  # fmt: skip

DEFAULT_EXCLUDE = (
    ".*/",
    "__pycache__/",
    "__pypackages__/",
    "*.egg-info/",
    "node_modules/",
    "site-packages/",
    "venv/",
    "_build/",
)

DEFAULT_EXEMPT = (
    "tests/",
    "test/",
    "testing/",
    "tests.py",
    "test_*.py",
    "*_test.py",
    "conftest.py",
    "pytest_plugin.py",
    "docs/**/conf.py",
    "migrations/",
    "migrations.py",
    "alembic/",
    "fixtures/",
    "seeds/",
    "seeders/",
    "seed.py",
    "seed_*.py",
    "seeds.py",
    "scripts/",
    "**/management/commands/",
    "setup.py",
    "noxfile.py",
    "fabfile.py",
)

Code = Annotated[str, Meta(pattern=r"^[A-Z]+[0-9]*$")]
Share = Annotated[float, Meta(gt=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)]


class Settings(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """All settings with their defaults. Attributes have underscores where the keys have dashes."""

    select: Annotated[
        tuple[Code, ...],
        Meta(description="Codes or prefixes of codes to report; empty means every rule that is on by default."),
    ] = ()
    ignore: Annotated[tuple[Code, ...], Meta(description="Codes or prefixes of codes not to report.")] = ()
    preview: Annotated[bool, Meta(description="Report the rules of level preview too.")] = False
    min_confidence: Annotated[Confidence, Meta(description="The least confidence of a finding that is reported.")] = (
        "medium"
    )
    exclude: Annotated[
        tuple[str, ...],
        Meta(
            description="Path patterns of files and folders that are not analysed. Left out in any case: what Git "
            "ignores, virtual environments, and folders named build or dist that are no packages."
        ),
    ] = DEFAULT_EXCLUDE
    extend_exclude: Annotated[tuple[str, ...], Meta(description="More path patterns, added to exclude.")] = ()
    src: Annotated[
        tuple[str, ...],
        Meta(description="Source roots: the folders that absolute imports start from. Found by themselves when empty."),
    ] = ()
    per_file_ignores: Annotated[
        dict[str, tuple[Code, ...]],
        Meta(description="Codes or prefixes not to report in files that match a path pattern."),
    ] = {}
    public: Annotated[
        tuple[str, ...],
        Meta(
            description="Endpoints that are public on purpose: globs of URL paths such as /health*, "
            "or qualified names of handlers such as shop.pages.home."
        ),
    ] = ()
    exempt: Annotated[
        tuple[str, ...],
        Meta(
            description="Path patterns of tests, migrations, fixtures, seeds and scripts: most rules do not judge them."
        ),
    ] = DEFAULT_EXEMPT
    timeout: Annotated[Seconds, Meta(description="Seconds that a fix puts in where a call has no time limit.")] = 10
    majority_share: Annotated[
        Share, Meta(description="The share of siblings that makes a practice the project's own.")
    ] = 2 / 3
    majority_count: Annotated[
        Count, Meta(description="The least number of siblings that makes a practice the project's own.")
    ] = 3
    summary_count: Annotated[
        Count,
        Meta(description="From this many endpoints on, what most of an application lacks is summed up in one finding."),
    ] = 5
    ttl_bound: Annotated[
        Seconds, Meta(description="Seconds; a cached value that expires sooner may go without invalidation.")
    ] = 300
    require_reason: Annotated[bool, Meta(description="A suppression has to say why.")] = False
    baseline: Annotated[
        str,
        Meta(description="A file with findings that are accepted for now, relative to the project root."),
    ] = ""
    layers: Annotated[
        dict[str, Any], Meta(description="Contracts between packages; see the pages of the rules TLG002 and TLG003.")
    ] = {}
    gateway_limit: Annotated[
        bool, Meta(description="Rate limits are applied in front of the application, by a gateway or proxy.")
    ] = False
    inference: Annotated[
        bool,
        Meta(
            description="Let astroid infer receivers of calls that stay unknown otherwise. It reads the project and "
            "stubs of known libraries, and imports nothing."
        ),
    ] = False


class SettingsError(Exception):
    """The settings cannot be used. ``problems`` holds every reason, each with file and key."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_settings(start: Path, isolated: bool = False) -> tuple[Path, Settings]:
    """The project root around ``start`` (a file or folder) and the project's settings.

    The root is the nearest folder upwards whose ``pyproject.toml`` has our table; else the Git repository; else the
    nearest folder with packaging files; else the folder itself, or the one around it when it is a package and no file
    stands beside its ``__init__`` that belongs to the top of a project. ``isolated`` keeps the root and ignores the
    table. Raises SettingsError with all problems at once.
    """
    start = start.resolve()
    folder = start if start.is_dir() else start.parent
    for candidate in (folder, *folder.parents):
        table = _read_table(candidate / "pyproject.toml", lenient=isolated)
        if table is not None:
            return candidate, Settings() if isolated else parse_settings(table, candidate / "pyproject.toml")
    return _root_without_table(folder), Settings()


def parse_settings(table: Mapping[str, Any], file: Path) -> Settings:
    """The settings that ``table`` spells. Raises SettingsError naming ``file`` and every wrong key."""
    if problems := tuple(_problems(table, file)):
        raise SettingsError(problems)
    return msgspec.convert(table, Settings)


def _read_table(file: Path, lenient: bool) -> dict[str, Any] | None:
    """Our table of ``file``; None when there is no such file or no such table in it."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        if lenient:
            return None
        raise SettingsError((f"{file}: cannot be read: {error}",)) from error
    tools = document.get("tool")
    return _find_table(tools, file, lenient) if isinstance(tools, dict) else None


def _find_table(tools: dict[str, Any], file: Path, lenient: bool) -> dict[str, Any] | None:
    table = tools.get(TABLE)
    if isinstance(table, dict):
        return table
    if lenient:
        return None
    if table is not None:
        raise SettingsError((f"{file}: `tool.{TABLE}`: expected a table",))
    for name in tools:
        if re.sub("[-_.]", "", name.lower()) == "threadlylint":
            raise SettingsError((f"{file}: unknown table `tool.{name}`; did you mean `tool.{TABLE}`?",))
    return None


def _problems(table: Mapping[str, Any], file: Path) -> Iterator[str]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(Settings)}
    for key, value in table.items():
        if key in fields:
            yield from (f"{file}: {problem}" for problem in _value_problems(key, value, fields[key].type))
        else:
            yield f"{file}: unknown key `{key}`{_hint(key, tuple(fields))}"
    for number, folder in enumerate(_list(table.get("src"))):
        if isinstance(folder, str) and not (file.parent / folder).is_dir():
            yield f"{file}: `src[{number}]`: no such folder: {folder}"


def _value_problems(key: str, value: object, kind: Any) -> Iterator[str]:
    """What is wrong with one key's value; of a list or table, what is wrong with each of its entries."""
    message = _mismatch(value, kind)
    if message is None:
        return
    if " - at `$" not in message:
        yield f"`{key}`: {_explain(message, value)}"
        return
    entries = value.items() if isinstance(value, dict) else enumerate(_list(value))
    for place, entry in entries:
        nested = _mismatch({place: entry} if isinstance(value, dict) else [entry], kind)
        if nested:
            yield f"`{key}[{place}]`: {_explain(nested.partition(' - at `$')[0], entry)}"


def _mismatch(value: object, kind: Any) -> str | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _explain(message: str, value: object) -> str:
    if "matching regex" in message:
        return f"expected a code such as TLA001, or how it begins, got {value!r}"
    if "enum value" in message:
        return f"expected one of {', '.join(CONFIDENCES)}, got {value!r}{_hint(str(value), CONFIDENCES)}"
    return f"{message[:1].lower()}{message[1:]}"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _hint(word: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(word.lower().replace("_", "-"), known, n=1, cutoff=0.4)
    return f"; did you mean `{nearest[0]}`?" if nearest else ""


def _root_without_table(folder: Path) -> Path:
    around = (folder, *folder.parents)
    for names in ((".git",), ("pyproject.toml", "setup.py", "setup.cfg")):
        for candidate in around:
            if any((candidate / name).exists() for name in names):
                return candidate
    outside = next((candidate for candidate in around if not (candidate / "__init__.py").is_file()), folder)
    packages = (candidate for candidate in around if candidate != outside and candidate.is_relative_to(outside))
    return next((x for x in packages if any((x / name).exists() for name in TOP_LEVEL)), outside)
