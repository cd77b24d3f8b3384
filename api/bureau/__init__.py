"""Pages and routes for the bureau audience."""
