"""What the whole project means.

``symbols`` and ``imports`` (with ``contracts``) know what stands in the source; ``interpreter`` runs it abstractly; ``entry`` knows how
the outside gets in. On these stand the questions that rules ask: ``access``, ``input``, ``transactions``, ``failures``, ``caching``,
``service_layer``. ``program.Program`` is the hub through which all are reached, ``subjects`` what rules subscribe to.
"""

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
