"""Bureau to bureau: messages of transfer cases over signed requests."""
