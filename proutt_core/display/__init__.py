"""What screens compute and do not draw."""
