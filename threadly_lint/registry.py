"""Finds the rules and checks their declarations, before anything is analysed.

Rules come from the installed ``threadly_lint.rules`` package (or the ``rules/`` folder of a source checkout), from
installed rule packs (entry points of the group ``threadly_lint.rules``) and from folders that the caller names. They
never come from the settings of the analysed project: linting a repository must not run its code.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from msgspec import Struct

import threadly_lint
from threadly_lint.rule import Rule
from threadly_lint.settings import Settings
from threadly_lint.tool_codes import TOOL_CODES, ToolCode

RULES_PACKAGE = "threadly_lint.rules"
ENTRY_POINT_GROUP = "threadly_lint.rules"
HEADINGS = ("What", "Why", "Instead", "Exempt", "Limits")
CODE_PATTERN = re.compile(r"TL[A-Z]\d{3}")
_DECLARATION = re.compile(rf"^rule = Rule\(\s*code=\"({CODE_PATTERN.pattern})\"", re.MULTILINE)


class RegistryError(Exception):
    """Rules that cannot be loaded, are declared wrongly or do not exist; ``problems`` lists all, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class LoadedRule(Struct, frozen=True):
    """A rule and the file that declares it."""

    rule: Rule
    source: Path


class WaitingRule(Struct, frozen=True):
    """A rule that nobody has asked for yet: what is known without running its file, and how to load it."""

    code: str
    name: str
    source: Path
    load: Callable[[], LoadedRule]


class Registry:
    """All rules of a run, by code; also knows the tool's own codes, and those of rules that wait to be loaded."""

    def __init__(self, loaded: Iterable[LoadedRule], waiting: Iterable[WaitingRule] = ()) -> None:
        ordered = sorted(loaded, key=lambda one: one.rule.code)
        self.rules: dict[str, Rule] = {one.rule.code: one.rule for one in ordered}
        self.tool_codes: dict[str, ToolCode] = {one.code: one for one in TOOL_CODES}
        self._waiting = {one.code: one for one in waiting}
        sources = {one.rule.code: one.source for one in ordered}
        sources |= {code: one.source for code, one in self._waiting.items()}
        self.sources: dict[str, Path] = dict(sorted(sources.items()))

        self._codes_by_name = {rule.name: code for code, rule in self.rules.items()}
        self._codes_by_name |= {one.name: code for code, one in self._waiting.items()}
        self._codes_by_name |= {one.name: code for code, one in self.tool_codes.items()}

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that a finding can carry, sorted."""
        return (*self.sources, *self.tool_codes)

    def describe(self, code: str) -> Rule | ToolCode | None:
        """What carries ``code``, or None. Raises RegistryError when a waiting rule turns out not to be loadable."""
        if code in self._waiting:
            return self._waiting[code].load().rule
        return self.rules.get(code) or self.tool_codes.get(code)

    def by_name(self, name: str) -> Rule | ToolCode | None:
        """What is called ``name``, such as ``import-cycle``, or None."""
        code = self._codes_by_name.get(name.lower().replace("_", "-"))
        return self.describe(code) if code else None

    def knows(self, prefix: str) -> bool:
        """Whether ``prefix`` is a code or the beginning of one."""
        return bool(prefix) and any(code.startswith(prefix) for code in self.codes)

    def demand(self, codes: Mapping[str, Sequence[str]]) -> None:
        """Raise RegistryError when one of the ``codes``, listed by where they are written, begins no known code."""
        problems = [
            f"{place}: there is no code `{code}`{self.hint(code)}"
            for place, listed in codes.items()
            for code in listed
            if not self.knows(code)
        ]
        if problems:
            raise RegistryError(problems)

    def demand_of_settings(self, settings: Settings) -> None:
        """Raise RegistryError when the settings name a code that nothing carries."""
        by_file = {f"per-file-ignores.{pattern}": codes for pattern, codes in settings.per_file_ignores.items()}
        self.demand({"select": settings.select, "ignore": settings.ignore, **by_file})

    def hint(self, word: str) -> str:
        """The end of a sentence that says what ``word`` may have been meant to be; empty when nothing is near."""
        near = self.describe(self.nearest(word) or "")
        return f"; did you mean `{near.code}` ({near.name})?" if near else ""

    def nearest(self, word: str) -> str | None:
        """The code whose spelling or name comes closest to ``word``, or None when nothing is near."""
        import difflib

        by_spelling = {code.lower(): code for code in self.codes} | self._codes_by_name
        matches = difflib.get_close_matches(word.lower().replace("_", "-"), by_spelling, n=1, cutoff=0.6)
        return by_spelling[matches[0]] if matches else None

    def digest(self) -> str:
        """A hash of the text of all rule files: stored findings of other rule texts are stale."""
        digest = sha256()
        for code, source in self.sources.items():
            digest.update(code.encode() + b"\0" + source.read_bytes() + b"\0")
        return digest.hexdigest()


def load_registry(folders: Sequence[Path] = (), wants: Callable[[str], bool] = lambda code: True) -> Registry:
    """Load and check all rules, with those in ``folders`` added; RegistryError lists every problem at once.

    Of the rules that come with the tool, those whose code the run ``wants`` not to know wait until they are asked for.
    """
    problems: list[str] = []
    loaded: list[LoadedRule] = []
    waiting: list[WaitingRule] = []
    for candidate in _candidates(folders, problems):
        code = _declared_code(candidate)
        if code and not wants(code):
            waiting.append(_waiting(candidate, code))
        elif found := _load(candidate, problems):
            loaded.append(found)
    problems += _duplicates(loaded, waiting)
    if problems:
        raise RegistryError(problems)
    return Registry(loaded, waiting)


def _declared_code(candidate: _Candidate) -> str | None:
    """The code that a rule of ours declares; None where only running the file can tell."""
    if not candidate.module.startswith(f"{RULES_PACKAGE}."):
        return None
    declaration = _DECLARATION.search(Path(candidate.label).read_text(encoding="utf-8"))
    return declaration[1] if declaration else None


def _waiting(candidate: _Candidate, code: str) -> WaitingRule:
    def load() -> LoadedRule:
        problems: list[str] = []
        found = _load(candidate, problems)
        if found is None or problems:
            raise RegistryError(problems)
        return found

    source = Path(candidate.label)
    return WaitingRule(code, source.stem.replace("_", "-"), source, load)


class _Candidate(Struct, frozen=True):
    """A module that should hold a rule. With ``file`` it is loaded from there, otherwise imported by name."""

    module: str
    label: str
    file: Path | None = None


def _candidates(folders: Sequence[Path], problems: list[str]) -> Iterator[_Candidate]:
    package = _own_package()
    yield from _modules_of(package)
    yield from _installed_packs(problems)
    for folder in folders:
        yield from _folder_modules(folder, problems)


def _own_package() -> ModuleType:
    try:
        return importlib.import_module(RULES_PACKAGE)
    except ModuleNotFoundError as error:
        if error.name != RULES_PACKAGE:
            raise
    return _checkout_package()


def _checkout_package() -> ModuleType:
    """The ``rules/`` folder beside the engine's, for a checkout that is used without being installed."""
    folder = Path(threadly_lint.__file__).resolve().parent.parent / "rules"
    spec = importlib.util.spec_from_file_location(
        RULES_PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None or not (folder / "__init__.py").is_file():
        raise RegistryError([f"the rules are neither installed as {RULES_PACKAGE} nor in {folder}"])
    package = importlib.util.module_from_spec(spec)
    sys.modules[RULES_PACKAGE] = package
    spec.loader.exec_module(package)
    return package


def _modules_of(package: ModuleType) -> Iterator[_Candidate]:
    for folder in package.__path__:
        for file in _rule_files(Path(folder)):
            yield _Candidate(f"{package.__name__}.{file.stem}", str(file))


def _rule_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))


def _installed_packs(problems: list[str]) -> Iterator[_Candidate]:
    if not any(map(_may_offer_packs, sys.path)):
        return
    from importlib.metadata import entry_points  # as slow to import as all the rest together

    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.value):
        try:
            pack = importlib.import_module(point.module)
        except (Exception, SystemExit) as error:
            problems.append(f"rule pack {point.name} ({point.module}) cannot be loaded: {_said(error)}")
            continue
        if hasattr(pack, "__path__"):
            yield from _modules_of(pack)
        else:
            yield _Candidate(point.module, point.module)


def _may_offer_packs(entry: str) -> bool:
    """Whether a distribution in an entry of ``sys.path`` may offer a rule pack; an archive always may."""
    try:
        names = os.listdir(entry or ".")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    if any(name.endswith(".egg") for name in names):
        return True
    homes = (Path(entry, name, "entry_points.txt") for name in names if name.endswith((".dist-info", ".egg-info")))
    return any(ENTRY_POINT_GROUP.encode() in home.read_bytes() for home in homes if home.is_file())


def _folder_modules(folder: Path, problems: list[str]) -> Iterator[_Candidate]:
    files = _rule_files(folder) if folder.is_dir() else []
    if not files:
        problems.append(f"{folder}: {'holds no rule file' if folder.is_dir() else 'is not a folder'}")
    prefix = "threadly_lint_rules_" + sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    for file in files:
        yield _Candidate(f"{prefix}.{file.stem}", str(file), file)


def _load(candidate: _Candidate, problems: list[str]) -> LoadedRule | None:
    try:
        module = _module(candidate)
    except (Exception, SystemExit) as error:
        problems.append(f"{candidate.label}: cannot be loaded: {_said(error)}")
        return None
    rule = getattr(module, "rule", None)
    if not isinstance(rule, Rule):
        problems.append(f"{candidate.label}: declares no `rule = Rule(...)`")
        return None
    found = LoadedRule(rule, Path(str(module.__file__)))
    problems += _declaration_problems(found)
    return found


def _module(candidate: _Candidate) -> ModuleType:
    if candidate.file is None:
        return importlib.import_module(candidate.module)
    if candidate.module in sys.modules:
        return sys.modules[candidate.module]
    spec = importlib.util.spec_from_file_location(candidate.module, candidate.file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{candidate.file} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[candidate.module] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[candidate.module]
        raise
    return module


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _declaration_problems(found: LoadedRule) -> Iterator[str]:
    rule, source = found.rule, found.source
    if not CODE_PATTERN.fullmatch(rule.code):
        yield f"{source}: code {rule.code!r} is not TL, a capital letter and three digits"
    if rule.code.startswith("TLZ"):
        yield f"{source}: code {rule.code} is reserved for the tool itself"
    missing = [heading for heading in HEADINGS if not re.search(rf"^(?:#+ )?{heading}\b", rule.page, re.MULTILINE)]
    if missing:
        yield f"{source}: the docstring lacks {', '.join(missing)}"
    if not rule.checks:
        yield f"{source}: {rule.code} subscribes to nothing; use @rule.for_each(...)"


def _duplicates(loaded: Iterable[LoadedRule], waiting: Iterable[WaitingRule]) -> Iterator[str]:
    known = [(one.code, one.name, one.source) for one in waiting]
    known += [(one.rule.code, one.rule.name, one.source) for one in loaded]
    for position, what in enumerate(("code", "name")):
        seen: dict[str, Path] = {}
        for *values, source in known:
            value = str(values[position])
            first = seen.setdefault(value, source)
            if first != source:
                yield f"{source}: {what} {value} is already used by {first}"
