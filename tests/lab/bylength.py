"""A selector for tests of what is counted."""

import numpy as np


class ByLength:
    """A selector of three nodes that needs nothing compiled: the node is the key's length modulo 3."""

    nodes = ("a", "b", "c")
    keyed = True

    def select_many(self, batch):
        return np.array([len(key) % 3 for key in batch], dtype=np.int32)
