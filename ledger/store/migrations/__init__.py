"""Alembic's folder: every change of the tables, from the first on."""
