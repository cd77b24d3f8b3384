"""The law as data and pure functions: no clock, no database, no randomness.

The data stands in `tables/`, each value with its source and status.
"""
