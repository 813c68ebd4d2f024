"""The same key to the same node: what moves, and what runs hot."""
