"""Other calendars: feeds of ours that they read, busy times of theirs that we read, entries that we write."""
