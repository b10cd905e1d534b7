"""Every outgoing message: neutral words, one recipient, folded within ten minutes."""
