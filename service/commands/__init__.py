"""The command line: what each command takes, what it does, and what it shows."""
