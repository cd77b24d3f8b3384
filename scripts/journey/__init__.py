"""The main journey, from nothing to proven records: `scripts/demo` runs it, the tests check it."""
