"""What the shop does, and whom it asks outside."""
