"""What a selector remembers, declared once.

A family says in `declare` what its state is: a column has one value for each node, a value stands alone. The same lines
make the state, take it back to its start, resize it as nodes come and go, and write it out and read it in again for
copy and pickle. So nothing can be kept in one of these places and forgotten in another.
"""

import numpy as np

from lbcore.selectors._checks cimport MAX_LIMIT


cdef class Columns:
    """What `declare` is given: what happens to the state just now, and the columns as they are."""

    cdef object column(self, str name, dtype, start=0, least=None, most=None, bint stays=False):
        """The array of a column: `dtype`, shape (nodes,).

        start: where its values begin, one for all or one for each node. least, most: what a pickled state may hold.
        stays: `reset` leaves it, and a constructor may give it.
        """
        if self.occasion == SAVED:
            self.state[name] = self.held[name].copy()
            return self.held[name]
        if self.occasion == LOADED or stays and self.occasion == MADE:
            array = self.read(name, dtype, least, most)
        elif stays and self.occasion == RESET:
            array = self.held[name]
        else:
            array = np.full(self.n, start, dtype)
            if self.occasion == RESIZED:
                before = self.held[name]
                array = np.append(before, array[self.n - 1:]) if self.removed < 0 else np.delete(before, self.removed)
        self.held[name] = array
        return array

    cdef object limit(self, str name, usual):
        """A column that a constructor gives; a new node has what all others have, or where they differ, the usual."""
        held = self.held.get(name)
        start = held[0] if held is not None and (held == held[0]).all() else usual
        return self.column(name, np.int64, start, 0, MAX_LIMIT, stays=True)

    cdef object value(self, str name, now, start=0, least=None, most=None):
        """A value that stands alone: now, its start, or what a pickled state says, from `least` to `most`."""
        if self.occasion == SAVED:
            self.state[name] = now
        if self.occasion in (SAVED, RESIZED):
            return now
        if self.occasion != LOADED:
            return start
        value = self.state[name]
        if least is not None and not least <= value <= most:
            raise ValueError(f"state: {name} is outside {least} to {most}")
        return value

    cdef object read(self, str name, dtype, least, most):
        """A copy of a column that came in, once it is checked."""
        given = np.array(self.state[name])
        if given.shape != (self.n,):
            raise ValueError(f"state: {name} and nodes differ in length")
        if given.dtype.kind not in ("iuf" if dtype is np.float64 else "iu"):
            raise TypeError(f"state: {name} is not of numbers")
        if least is not None and not least <= given.min() <= given.max() <= most:
            raise ValueError(f"state: {name} is outside {least} to {most}")
        return given.astype(dtype)
