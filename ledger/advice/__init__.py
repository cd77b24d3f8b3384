"""Answers about the law for anyone who asks: from typed values to figures and their explanation.

Answers decide nothing and keep nothing; the command `anxu policy` and the page `/tools/` show them.
"""
