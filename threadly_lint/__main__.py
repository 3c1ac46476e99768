"""``python -m threadly_lint``."""

import sys

from threadly_lint.cli import main

if __name__ == "__main__":
    sys.exit(main())
