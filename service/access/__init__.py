"""Who may do what: permissions, keys, tokens, sessions. Of our HTTP nothing is known here."""
