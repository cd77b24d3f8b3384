"""Moving a person's insurance relation from one bureau to another (社保关系转移接续)."""
