"""A therapist's list of couples, and the page of one couple: views and queries only."""
