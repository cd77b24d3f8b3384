"""Persons and contributions: files in, entries out, corrections."""
