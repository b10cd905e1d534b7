"""Scores, change and agreement as pure functions: importable without a web framework or a database."""
