"""Cached values: keys, lifetimes, loads on a miss, and the writes that leave them stale."""
