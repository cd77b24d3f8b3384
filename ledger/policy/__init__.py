"""The law as data and pure functions; no clock, no database, no randomness. Tables are in `tables/`."""
