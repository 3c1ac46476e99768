"""Who may do what: accounts, owners, rows about people, endpoints that are meant for everybody, rate limits."""
