"""Queues of work for people, and their answers."""
