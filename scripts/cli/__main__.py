"""``python -m scripts.cli``: the command `anxu`."""

import sys

from scripts.cli.main import run

sys.exit(run())
