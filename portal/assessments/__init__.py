"""Questionnaires: definitions, answers, scores, and how two people's answers compare."""
