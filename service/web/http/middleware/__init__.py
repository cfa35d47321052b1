"""What stands around all handlers: hosts, headers of protection, measures, other sites."""
