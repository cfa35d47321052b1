"""Files in an object store, and the cache of them on this machine's disk."""
