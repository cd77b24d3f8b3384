"""Pages and routes for the verifier audience."""
