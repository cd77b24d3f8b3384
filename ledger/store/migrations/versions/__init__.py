"""One file a step, each run once and in order."""
