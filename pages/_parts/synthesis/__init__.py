"""What the pages Synthesis and Thresholds draw."""
