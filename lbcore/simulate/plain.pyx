"""A selector in plain Python, a student's or a twin, in the clothes of a compiled one."""

from inspect import signature

import numpy as np

from libc.stdint cimport int32_t, int64_t

from lbcore.selectors.errors import AllFull
from lbcore.selectors._selector cimport EVERYWHERE, Ends, Selector


cdef class Plain(Selector):
    """Asks the `select()` of a plain object for every pick, and tells its `release()`, if it has one, of every end.
    Its `accept()`, if it has one, is offered the requests for which `select()` raised AllFull.

    selector: a copy that nobody else uses; its `clock`, if it has one, tells the simulated time from now on, and so
    does that of a subclass of a compiled selector. names: of the nodes. keys: None, or what
    `select(key)` is given, in turn. The first error is kept, and from then on every pick is FAILED: nothing raises
    below the door.
    """

    def __init__(self, selector, names, keys):
        self.select_one, self.release_one = selector.select, getattr(selector, "release", None)
        self.accept_one = getattr(selector, "accept", None)
        self.jumps = getattr(selector, "jumps_the_queue", False)
        if self.release_one is not None:
            self.wants_ok, self.wants_latency = wants(self.release_one)
        if isinstance(selector, Selector):
            self.of_ours = selector
            self.its_names, self.origin_s = self.of_ours.names, self.of_ours.now_s
            self.of_ours.ahead_s = 0
            if self.of_ours.clock is not None:
                self.of_ours.clock = self.time
        if callable(getattr(selector, "clock", None)):
            try:
                selector.clock = self.time
            except AttributeError:
                raise TypeError(f"selector: the clock of {type(selector).__name__} cannot be set") from None
        self.keys = None if keys is None else list(keys)
        self.who = type(selector).__name__
        self.construct(names, None, {})

    cdef int32_t pick(self) noexcept nogil:
        return self.ask()

    cdef Ends hears(self) noexcept nogil:
        return EVERYWHERE

    cdef void ended(self, int32_t node, bint ok, double latency_s) noexcept nogil:
        self.tell(node, ok, latency_s)

    cdef int32_t ask(self) noexcept with gil:
        cdef int64_t number = self.number
        cdef int32_t at
        if self.error is not None:
            return FAILED
        self.number += 1
        try:
            node = self.select_one() if self.keys is None else self.select_one(self.keys[number % len(self.keys)])
            if isinstance(node, (bool, np.bool_)) or not isinstance(node, (int, np.integer)):
                raise TypeError(f"{self.who}.select() returned {node!r}; it must return the index of a node")
            if not 0 <= node < self.n:
                raise ValueError(f"{self.who}.select() returned {node}; the nodes have the indices 0 to {self.n - 1}")
            at = node
            return at
        except BaseException as error:
            self.full = type(error) is AllFull and self.accept_one is not None
            if type(error) in (LookupError, AllFull):   # the contract's words for 'no node is left'
                return -1
            self.fail(error, "select")
            return FAILED

    cdef void tell(self, int32_t node, bint ok, double latency_s) noexcept with gil:
        if self.release_one is None or self.error is not None:
            return
        try:
            if self.wants_ok and self.wants_latency:
                self.release_one(node, ok=ok, latency_s=latency_s)
            elif self.wants_ok:
                self.release_one(node, ok=ok)
            elif self.wants_latency:
                self.release_one(node, latency_s=latency_s)
            else:
                self.release_one(node)
        except BaseException as error:
            self.fail(error, "release")

    cdef bint all_full(self) noexcept nogil:
        return self.full

    cdef bint asks_anyway(self) noexcept nogil:
        return self.jumps

    cdef bint accept_at(self, int32_t node) noexcept nogil:
        return self.offer(node)

    cdef bint offer(self, int32_t node) noexcept with gil:
        if self.accept_one is None or self.error is not None:
            return False
        try:
            return self.accept_one(node)
        except BaseException as error:
            self.fail(error, "accept")
            return False

    cdef fail(self, error, str method):
        self.error = error
        error.add_note(f"in {self.who}.{method}(), with {self.number:,} requests asked for")

    def time(self):
        """The simulated time, in seconds."""
        return self.origin_s + self.now_s

    def look(self):
        """Raises what a method of the plain selector raised, if one did."""
        if self.of_ours is not None and self.of_ours.names is not self.its_names:
            raise RuntimeError("selector: its nodes changed while the simulation ran") from self.error
        if self.error is not None:
            raise self.error


cdef tuple wants(release):
    """Whether release(node) takes `ok` too, and whether it takes `latency_s`."""
    for asked in ((True, True), (True, False), (False, True)):
        more = {name: 0.0 for name, wanted in zip(("ok", "latency_s"), asked) if wanted}
        try:
            signature(release).bind(0, **more)
        except (TypeError, ValueError):
            continue
        return asked
    return False, False
