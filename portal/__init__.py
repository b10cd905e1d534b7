"""Common Ground, a practice portal for couples therapists.

This package imports nothing, so that the pure rules (`portal.booking.rules` and its siblings) load without Flask.
"""
