"""What a supervisor finds by joining all logs: alerts, proven conflicts, flows between fund accounts."""
