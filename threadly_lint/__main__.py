"""``python -m threadly_lint``, and the installed command."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from threadly_lint.cli import main


def run() -> NoReturn:
    """Run the command, and leave at once: the operating system frees memory faster than Python takes objects apart."""
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    run()
