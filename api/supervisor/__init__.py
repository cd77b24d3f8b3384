"""Pages and routes for the supervisor audience."""
