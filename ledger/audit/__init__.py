"""Recomputes a log from its rows, its files and the chain; names the first thing that differs."""
