"""Finding possible personal data, and showing it."""
