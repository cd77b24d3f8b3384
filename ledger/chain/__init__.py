"""Everything that touches the chain: artifacts, deployment, typed reads, sending, events."""
