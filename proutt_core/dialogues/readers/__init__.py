"""One reader a format: what its rows look like, and a row as values before normalising."""
