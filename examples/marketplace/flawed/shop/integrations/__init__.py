"""Other systems: cache, search, events, payments, shipping, mail."""
