"""The database: the only SQL there is."""
