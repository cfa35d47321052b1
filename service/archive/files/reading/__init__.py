"""What is read of a file: as it is stored, inflated, converted or put together anew; whole or in runs."""
