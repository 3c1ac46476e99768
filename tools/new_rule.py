"""Starts a new rule: ``tools/new_rule.py CODE name``, such as ``TLE007 endless-polling``.

Writes ``rules/<name>.py`` and fixture folders. Their placeholders are made to fail the tests of the catalogue and of
the fixtures until they are replaced.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from threadly_lint.registry import CODE_PATTERN, Registry, load_registry
from threadly_lint.rule import Pattern

ROOT = Path(__file__).parents[1]
NAME_PATTERN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
PLACEHOLDER = "Write this."

RULE_FILE = '''"""{placeholder}

## What

{placeholder}

## Why

{placeholder}

## Instead

{placeholder}

```python flawed
```

```python sound
```

## Exempt

{placeholder}

## Limits

{placeholder}

## Peers

{placeholder}
"""

from __future__ import annotations

from collections.abc import Iterator

from threadly_lint.rule import Endpoint, Finding, Program, Rule

rule = Rule(code="{code}", pattern="{pattern}", level="preview")


@rule.for_each(Endpoint)
def check(endpoint: Endpoint, program: Program) -> Iterator[Finding]:
    """{placeholder}"""
    yield from ()
'''
FIXTURES = {
    "flawed_placeholder": '"""Replace this by a project with the mistake."""\n\nraise NotImplementedError  # expect: {code}\n',
    "sound_placeholder": '"""Replace this by a project that looks like the mistake and is none."""\n\nraise NotImplementedError\n',
}


def problems(code: str, name: str, registry: Registry) -> list[str]:
    """Why there cannot be a new rule with this code and name, one sentence each."""
    found: list[str] = []
    if not CODE_PATTERN.fullmatch(code):
        found.append(f"{code!r} is not TL, a capital letter and three digits")
    elif pattern_of(code, registry) is None:
        found.append(f"no pattern has codes that begin with {code[:3]}")
    if not NAME_PATTERN.fullmatch(name):
        found.append(f"{name!r} is not a name such as `import-cycle`")
    if registry.describe(code):
        found.append(f"the code {code} is taken")
    if registry.by_name(name):
        found.append(f"the name {name} is taken")
    return found


def pattern_of(code: str, registry: Registry) -> Pattern | None:
    """The pattern of the rules whose codes have the same letter."""
    return next((rule.pattern for rule in registry.rules.values() if rule.code[:3] == code[:3]), None)


def files(code: str, name: str, pattern: Pattern) -> dict[str, str]:
    """The text of every new file by its path in the repository."""
    module = name.replace("-", "_")
    rule = RULE_FILE.format(code=code, pattern=pattern, placeholder=PLACEHOLDER)
    fixtures = {f"tests/fixtures/{module}/{case}/app.py": text.format(code=code) for case, text in FIXTURES.items()}
    return {f"rules/{module}.py": rule, **fixtures}


def start(code: str, name: str, registry: Registry, root: Path) -> list[str]:
    """Write the files below ``root``; what stands in the way otherwise. Nothing is ever overwritten."""
    pattern = pattern_of(code, registry)
    found = problems(code, name, registry)
    if found or pattern is None:
        return found
    wanted = files(code, name, pattern)
    if present := [f"{path} exists already" for path in wanted if (root / path).exists()]:
        return present
    for path, text in wanted.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return []


def main(words: list[str]) -> int:
    """0 when the files are there, 2 when the words cannot be used."""
    if len(words) != 2:
        print(f"usage: {Path(__file__).name} CODE name", file=sys.stderr)
        return 2
    found = start(words[0], words[1], load_registry(), ROOT)
    for problem in found:
        print(problem, file=sys.stderr)
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
