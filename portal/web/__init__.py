"""What stands between HTTP and the areas: forms, fragments, filters, error pages."""
