"""What belongs into services and repositories, and is done elsewhere."""
