"""What people and machines reach over HTTP."""
