"""Fund accounts, payout batches, bank answers: money leaves only along its routes and only once."""
