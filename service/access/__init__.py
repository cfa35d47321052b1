"""Who may do what: permissions, keys, tokens, sessions. Nothing of HTTP is known here."""
