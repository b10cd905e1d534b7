"""Published questionnaires: scoring keys without wording, wording that the practice brings, sittings and their results."""
