"""Pulls other nodes' logs and feeds, checks every leaf; a supervisor cosigns what holds."""
