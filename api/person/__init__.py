"""Pages and routes for the person audience."""
