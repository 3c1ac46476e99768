"""The command line: finds the command, runs it, and turns whatever happens into an exit code.

0 clean, 1 findings, 2 usage or configuration, 3 internal error, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence

import click

from threadly_lint import __version__, commands

TRACEBACK_VARIABLE = "THREADLY_LINT_TRACEBACK"
USAGE_ERROR, INTERNAL_ERROR, INTERRUPTED = 2, 3, 130


class CommandFolder(click.Group):
    """Every module of ``threadly_lint.commands`` is a command of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{commands.__name__}.{cmd_name}").command
        return command


@click.group(cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="threadly-lint")
def cli() -> None:
    """A linter for the architecture of Python back ends."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (``sys.argv`` by default) names and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _tolerate_narrow_encodings()
    try:
        code = cli.main(words, prog_name="threadly-lint", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.ClickException as error:
        error.show()
        return USAGE_ERROR
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return 1
    except Exception as error:
        return _explain(error, words)


def _explain(error: Exception, words: Sequence[str]) -> int:
    """Settings and rules that cannot be used list all their problems; anything else is our own mistake."""
    problems: tuple[str, ...] | None = getattr(error, "problems", None)
    if problems is not None:
        for problem in problems:
            click.echo(f"Error: {problem}", err=True)
        return USAGE_ERROR
    if wants_traceback(words):
        traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")
    click.echo(f"Internal error: {said} (set {TRACEBACK_VARIABLE}=1 to see the traceback)", err=True)
    return INTERNAL_ERROR


def wants_traceback(words: Sequence[str]) -> bool:
    """Whether the user asked for details of crashes, by option or by environment variable."""
    return "--verbose" in words or bool(os.environ.get(TRACEBACK_VARIABLE))


def _tolerate_narrow_encodings() -> None:
    """A terminal that lacks a character of some source line gets an escape instead of an exception."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _forget_output() -> None:
    """Nobody reads our output any more: keep the interpreter from complaining about it while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
