"""Released files of preference pairs."""
