"""What exercises and tests have in common: assignments, answers with their scopes, sharing, the reveal."""
