"""One reader a format: what its rows look like, and a row in our terms before normalising."""
