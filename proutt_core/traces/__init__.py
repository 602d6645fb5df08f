"""A trace and its tree as text and back, what models are told to write, what may be edited."""
