"""What is to be done later, and again until it is done: storage commitments, and studies to send."""
