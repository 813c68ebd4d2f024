"""The checks at the door. Nothing of it can be called from Python."""
