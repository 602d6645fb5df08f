"""Any job on screen: its state, its model, its failures and calls."""
