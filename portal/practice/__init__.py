"""The practice: its words, its therapists, its consents."""
