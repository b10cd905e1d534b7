"""Couples: two persons, their sides, their therapist."""
