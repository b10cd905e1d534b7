"""The short public form of the Readiness Test: alone or together, without an account, nothing kept under a name."""
