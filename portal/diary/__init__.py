"""A therapist's time: weekly hours, time away, occupied intervals, and the slots that are left."""
