"""What the whole project means."""

from threadly_lint.program.program import Program

__all__ = ["Program"]
