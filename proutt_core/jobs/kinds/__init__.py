"""The kinds of long work, one a file."""
