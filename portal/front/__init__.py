"""The public face: therapists, contact, the pages that a site must have."""
