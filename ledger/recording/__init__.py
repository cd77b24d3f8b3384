"""What every capability shares: facts become sealed entries, the log is published, entries are opened and proven."""
