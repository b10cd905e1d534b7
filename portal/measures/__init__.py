"""Published questionnaires as scoring keys, with wording that the practice imports; sittings, scores, change over time."""
