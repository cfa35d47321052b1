"""What all SQL is made of: tables, the version of their schema, scopes, and the JSON that they hold."""
