"""What an operation does from beginning to end: its writes and commits, and what goes with them."""
