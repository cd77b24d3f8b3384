"""``python -m scripts.demo_data --directory DIR --seed N [--scale demo|small] [--as-of DATE]``."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from ledger.policy.regions import region_name
from scripts.demo_data.bureaus import DEMO_AS_OF, SCALES
from scripts.demo_data.generation import generate


def main() -> None:
    """Write the files and say what there is."""
    parser = argparse.ArgumentParser(prog="scripts.demo_data", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--scale", choices=sorted(SCALES), default="demo")
    parser.add_argument("--as-of", type=date.fromisoformat, default=DEMO_AS_OF)
    arguments = parser.parse_args()
    planted = generate(
        arguments.directory, arguments.seed, as_of=arguments.as_of, scale=arguments.scale
    )
    for files in planted.bureaus:
        print(
            f"{region_name(files.region)}: {files.contributors} contributors, "
            f"{files.contribution_lines} contribution lines, {files.payout_lines} payments, "
            f"{files.next_lines} proposed, {files.death_lines} deaths"
        )
    print(f"Planted cases: {arguments.directory / 'planted.json'}")


if __name__ == "__main__":
    main()
