"""Synthesis runs and what became of their samples."""
