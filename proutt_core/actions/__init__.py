"""What a person can ask for; pages and commands call these."""
