"""Back to the start, and on elsewhere: `reset`, copy and pickle of every selector.

What they keep is what a family has declared (_columns.pyx) and the parameters of its constructor, which are checked as
they were then. What follows from these, such as the points of a ring, is made anew.
"""

from copy import deepcopy
from copyreg import __newobj__

import numpy as np

from lbcore.selectors._checks cimport names_of, moment_of, weights_of
from lbcore.selectors._columns cimport LOADED, RESET, SAVED
from lbcore.selectors._state cimport ALL, OTHERS_UP, State


cdef class Pickled(State):
    """The state of a selector that can be reset, copied and pickled."""

    def reset(self):
        """Back to the first pick: cursor, draws and load as new, every node up. The nodes, weights and slots stay."""
        self.enter()
        try:
            if self.n:
                up = np.ones(self.n, np.uint8)
                made = self.prepare(self.parameters, self.names, self.weight, up, OTHERS_UP)
                self.shut()
                self.is_up, self.made = up, made
                self.now_s, self.ahead_s, self.elsewhere = 0, 0, False
                self.settle(RESET, {}, ALL)
        finally:
            self.leave()

    def copy(self):
        """An independent selector in the same state: the two go on with the same picks.

        So are the attributes of a subclass in Python: they are copied with `copy.deepcopy`.
        """
        return self.__deepcopy__({})

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        cdef Pickled other = type(self).__new__(type(self))
        memo[id(self)] = other      # an attribute may lead back here
        state = self.__getstate__()
        if "attributes" in state:
            state["attributes"] = deepcopy(state["attributes"], memo)
        other.__setstate__(state)
        other.ahead_s, other.elsewhere = self.ahead_s, self.elsewhere
        return other

    def __reduce__(self):
        return __newobj__, (type(self),), self.__getstate__()

    def __getstate__(self):
        cdef dict state
        self.enter()
        try:
            if not self.n:
                return {}
            state = {"nodes": self.names, "weights": np.array(self.weight), "up": np.array(self.is_up)}
            for name, value in self.parameters.items():
                state[name] = value.copy() if isinstance(value, np.ndarray) else value
            if self.key_hash is not None:
                state["key_hash"] = self.key_hash
            if self.clock is not None:
                state["clock"], state["now_s"] = self.clock, self.now_s
            self.remember(SAVED, state, ALL)
            if getattr(self, "__dict__", None):     # a subclass in Python
                state["attributes"] = dict(self.__dict__)
            return state
        finally:
            self.leave()

    def __setstate__(self, dict state not None):
        if not state:
            return
        names = names_of(state["nodes"])
        up = np.array(state["up"]).astype(np.bool_).astype(np.uint8)
        if up.shape != (len(names),):
            raise ValueError("state: up and nodes differ in length")
        now_s = moment_of(state.get("now_s", 0.0), "state")
        self.fill(names, weights_of(state["weights"], len(names)), up, {**state, "now_s": now_s}, LOADED)
        if "attributes" in state:
            self.__dict__.update(state["attributes"])
