"""Whether the portal lives: healthz and readyz."""
