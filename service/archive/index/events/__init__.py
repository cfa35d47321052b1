"""What happened: changes in the order in which they are told, and who wants to be called."""
