"""Who is calling: signed requests between nodes, and the demonstration's sessions."""
