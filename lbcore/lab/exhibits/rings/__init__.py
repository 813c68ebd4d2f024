"""Consistent hashing: the ring, what it costs, and what bounds it."""
