"""Pulls other nodes' logs and entry feeds, checks every leaf, and (a supervisor) cosigns what is final and consistent."""
