"""What the pages draw where people answer."""
