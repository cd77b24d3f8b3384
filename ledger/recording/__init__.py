"""What capabilities share: facts become sealed entries, are published, opened and proven."""
