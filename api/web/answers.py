"""Answers that are files to carry away."""

from __future__ import annotations


def attachment_headers(name: str) -> dict[str, str]:
    """For a file to carry away; ``name`` is ASCII and says nothing about a person."""
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
