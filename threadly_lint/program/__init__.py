"""What the whole project means."""


class Program:
    """Placeholder until the room is built."""
