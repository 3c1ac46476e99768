"""What becomes of errors: where they are caught, kept from callers, retried, reported, or hidden."""
