"""One script per screen. `router.py` is the only one the server runs by itself."""
