"""Writes the JSON schema of the settings to ``docs/settings.schema.json``. Run it when the settings change."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from threadly_lint.settings import Settings

SCHEMA_FILE = Path(__file__).parents[1] / "docs" / "settings.schema.json"


def schema_text() -> str:
    """The schema as the file has it. Every key is optional."""
    schema = msgspec.json.schema(Settings)["$defs"]["Settings"]
    schema["title"] = "Settings of threadly-lint in pyproject.toml: [tool.threadly-lint]"
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
