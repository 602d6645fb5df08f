"""What the screens draw with."""
