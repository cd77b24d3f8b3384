"""Pages for anyone: what the law says about values that are entered, kept nowhere."""
