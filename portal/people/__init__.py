"""A person, client or staff: names, address, zone. Exists before any account does."""
