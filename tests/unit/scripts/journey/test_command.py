"""What the demonstration's command line refuses before anything is started."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

from scripts.journey.layout import Layout

ROOT = Path(__file__).parents[4]


def refused(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.journey", "--once", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    return done.stderr


def test_a_directory_stays_on_the_chain_it_was_begun_on(tmp_path):
    layout = Layout(tmp_path / "demo")
    layout.plan(seed=1, scale="small", as_of=date(2026, 9, 15), engine="sqlite", chain="anvil")
    said = refused("--directory", str(tmp_path / "demo"), "--chain", "embedded")
    assert "was begun on anvil" in said


def test_validators_know_no_other_day(tmp_path):
    said = refused("--directory", str(tmp_path), "--chain", "network", "--as-of", "2000-01-01")
    assert "no other day than today" in said
    assert list(tmp_path.iterdir()) == []
