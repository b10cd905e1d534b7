"""Encrypted blobs: written once, found by a random name."""
