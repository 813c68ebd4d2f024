"""Random draws without hidden state: draw number i is a hash of the seed and i.

SplitMix64 (Steele, Lea and Flood, 'Fast splittable pseudorandom number generators', OOPSLA 2014) adds a constant to a
counter and mixes the bits. Because draw i needs no draw before it, a batch can reserve a range of draws and fill it
without holding a lock, and a retry cannot shift the draws of the requests behind it.
"""

from libc.stdint cimport uint64_t

from lbcore.selectors._hashes cimport mulhi

cdef enum:
    TRIES = 64      # redraws for a node that is down, before the draw is taken among the live ones only


cdef inline uint64_t mix(uint64_t z) noexcept nogil:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL
    return z ^ (z >> 31)


cdef inline uint64_t counter(uint64_t seed, uint64_t number) noexcept nogil:
    """What is mixed for draw `number`. A loop that counts on with `step` saves a product."""
    return seed + (number + 1) * 0x9E3779B97F4A7C15ULL


cdef inline uint64_t step(uint64_t z) noexcept nogil:
    return z + 0x9E3779B97F4A7C15ULL


cdef inline uint64_t draw(uint64_t seed, uint64_t number) noexcept nogil:
    """Draw `number` (counted from 0) of the stream that `seed` names: 64 random bits."""
    return mix(counter(seed, number))


cdef inline uint64_t again(uint64_t bits) noexcept nogil:
    """Another 64 bits for the same request or key: the next step of a chain that starts at its own bits."""
    return mix(step(bits))


cdef inline uint64_t below(uint64_t bits, uint64_t n) noexcept nogil:
    """64 random bits scaled to 0 .. n - 1: no value is more than n / 2^64 too likely, which no experiment can see."""
    return mulhi(bits, n)


cdef inline uint64_t halved(uint64_t seed, uint64_t number) noexcept nogil:
    """What request `number` has of a draw that two requests share: its own half of the bits comes first."""
    cdef uint64_t bits = draw(seed, number >> 1)
    return (bits << 32) | (bits >> 32) if number & 1 else bits


cdef inline uint64_t below_half(uint64_t bits, uint64_t n) noexcept nogil:
    """The upper 32 bits scaled to 0 .. n - 1: no value is more than n / 2^32 too likely, 1 in 4096 at 2^20 nodes."""
    return ((bits >> 32) * n) >> 32
