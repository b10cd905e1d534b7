"""Where couples come from: campaign links, first and last touch, and what was counted on the way."""
