"""Datasets, their dialogues and samples, and imports."""
