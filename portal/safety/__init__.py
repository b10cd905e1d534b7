"""The individual questions: asked of both alike, each answers alone, only their therapist reads."""
