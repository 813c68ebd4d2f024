"""`python -m lbcore` is the command line."""

import sys

from lbcore.cli import main

if __name__ == "__main__":
    sys.exit(main())
