"""threadly-lint: a linter for the architecture of Python back ends."""

__version__ = "0.1.0"
