"""Is a person entitled to a pension: reviews of anchored records, decisions, reads for pages."""
