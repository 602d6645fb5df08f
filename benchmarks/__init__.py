"""What the design promises, measured: `make bench`. These machines are shared, so ratios come first."""
