"""Fund accounts, payout batches, bank answers: money that leaves only along its routes and only once."""
