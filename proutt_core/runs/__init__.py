"""Arithmetic about runs: what they will take, took, cost and made. Nothing here reads a database."""
