"""Documents: rows, the registry of what can be rendered, HTML to PDF."""
