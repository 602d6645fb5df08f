"""Who may see what and be given what."""
