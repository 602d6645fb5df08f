"""What the page Datasets draws."""
