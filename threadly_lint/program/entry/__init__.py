"""How the outside gets in: what is registered with frameworks, and what runs before and around it."""
