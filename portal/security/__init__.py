"""Locks: keys and sealed text, viewers, permissions, the gate, headers."""
