"""What a supervisor finds by joining all logs: alerts, conflicts, flows between fund accounts."""
