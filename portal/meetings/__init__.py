"""Meetings of a couple with a therapist: attendance, notes, and the summary that both partners get."""
