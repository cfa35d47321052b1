"""The description of the interface, shipped with the service."""
