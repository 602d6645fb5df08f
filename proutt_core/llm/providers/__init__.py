"""Who is where, what it understands and costs, and how a person names a model."""
