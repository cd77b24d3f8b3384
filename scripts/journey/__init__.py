"""The main journey, from an empty directory to proven records: what `scripts/demo` runs and the journey test checks."""
