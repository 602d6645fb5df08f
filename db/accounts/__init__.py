"""Who is who, their sessions, and the log of what happened."""
