"""Files as rows: packings, JSON and parquet, whatever their shape."""
