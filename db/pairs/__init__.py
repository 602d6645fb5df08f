"""Preference pairs that came in a file or go out in one."""
