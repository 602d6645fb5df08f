"""What a closed study comes to."""
