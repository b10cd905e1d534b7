"""Consultations: booked by visitors, answered by the therapist."""
