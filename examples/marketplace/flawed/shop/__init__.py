"""A small marketplace: people list things, others buy them, write to each other and are told what happens."""
