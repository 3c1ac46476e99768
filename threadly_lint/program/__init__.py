"""What the whole project means."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadly_lint.program.program import Program
else:

    def __getattr__(name: str) -> object:
        """``Program``, imported with all its rooms only when somebody asks for it."""
        if name != "Program":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from threadly_lint.program.program import Program

        return Program


__all__ = ["Program"]
