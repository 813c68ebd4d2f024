"""Keys and their hashes. Nothing of it can be called from Python."""
