"""How long work runs: in a worker process or on the command line, claimed, limited, logged and stopped."""
