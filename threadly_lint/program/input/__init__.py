"""Where raw request data goes, and what checks it on the way."""
