"""Hash functions for keys, written from their published definitions. Bytes are read little-endian on every machine.

xxHash64: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""

from libc.stdint cimport uint32_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    #ifdef _MSC_VER
    #include <intrin.h>
    #endif

    /* The high 64 bits of a product. */
    static inline uint64_t lbcore_mulhi(uint64_t a, uint64_t b) {
    #ifdef __SIZEOF_INT128__
        return (uint64_t)(((unsigned __int128)a * b) >> 64);
    #elif defined(_M_X64) || defined(_M_ARM64)
        return __umulh(a, b);
    #else
        uint64_t low = (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu);
        uint64_t mid = (a >> 32) * (b & 0xFFFFFFFFu) + (low >> 32);
        uint64_t cross = (a & 0xFFFFFFFFu) * (b >> 32) + (mid & 0xFFFFFFFFu);
        return (a >> 32) * (b >> 32) + (mid >> 32) + (cross >> 32);
    #endif
    }
    #define LBCORE_P1 0x9E3779B185EBCA87ULL
    #define LBCORE_P2 0xC2B2AE3D27D4EB4FULL
    #define LBCORE_P3 0x165667B19E3779F9ULL
    #define LBCORE_P4 0x85EBCA77C2B2AE63ULL
    #define LBCORE_P5 0x27D4EB2F165667C5ULL
    """
    uint64_t mulhi "lbcore_mulhi"(uint64_t a, uint64_t b) noexcept nogil
    const uint64_t P1 "LBCORE_P1"
    const uint64_t P2 "LBCORE_P2"
    const uint64_t P3 "LBCORE_P3"
    const uint64_t P4 "LBCORE_P4"
    const uint64_t P5 "LBCORE_P5"


cdef inline uint64_t rotl(uint64_t x, int bits) noexcept nogil:
    return (x << bits) | (x >> (64 - bits))


cdef inline uint64_t read32(const unsigned char* p) noexcept nogil:
    return p[0] | <uint32_t>p[1] << 8 | <uint32_t>p[2] << 16 | <uint32_t>p[3] << 24


cdef inline uint64_t read64(const unsigned char* p) noexcept nogil:
    return read32(p) | read32(p + 4) << 32


cdef inline uint64_t lane(uint64_t acc, uint64_t word) noexcept nogil:
    return rotl(acc + word * P2, 31) * P1


cdef inline uint64_t avalanche(uint64_t h) noexcept nogil:
    h = (h ^ (h >> 33)) * P2
    h = (h ^ (h >> 29)) * P3
    return h ^ (h >> 32)


cdef inline uint64_t xxh64_word(uint64_t word) noexcept nogil:
    """xxHash64, seed 0, of the eight little-endian bytes of `word`."""
    return avalanche(rotl((P5 + 8) ^ lane(0, word), 27) * P1 + P4)


cdef inline uint64_t xxh64(const unsigned char* p, size_t size, uint64_t seed) noexcept nogil:
    """xxHash64 of `size` bytes."""
    cdef const unsigned char* end = p + size
    cdef uint64_t a, b, c, d, h
    if size >= 32:
        a, b, c, d = seed + P1 + P2, seed + P2, seed, seed - P1
        while end - p >= 32:
            a, b, c, d = lane(a, read64(p)), lane(b, read64(p + 8)), lane(c, read64(p + 16)), lane(d, read64(p + 24))
            p += 32
        h = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)
        h = (h ^ lane(0, a)) * P1 + P4
        h = (h ^ lane(0, b)) * P1 + P4
        h = (h ^ lane(0, c)) * P1 + P4
        h = (h ^ lane(0, d)) * P1 + P4
    else:
        h = seed + P5
    h += size
    while end - p >= 8:
        h = rotl(h ^ lane(0, read64(p)), 27) * P1 + P4
        p += 8
    if end - p >= 4:
        h = rotl(h ^ (read32(p) * P1), 23) * P2 + P3
        p += 4
    while p < end:
        h = rotl(h ^ (p[0] * P5), 11) * P1
        p += 1
    return avalanche(h)


cdef inline uint64_t inverse(uint64_t n) noexcept nogil:
    """What `modulo` wants to know of n, once for a batch."""
    return 0xFFFFFFFFFFFFFFFFULL // n


cdef inline uint64_t modulo(uint64_t h, uint64_t n, uint64_t inverse_n) noexcept nogil:
    """h mod n without a division: with floor((2^64 - 1) / n) for 2^64 / n the quotient is at most one too small."""
    cdef uint64_t rest = h - mulhi(h, inverse_n) * n
    return rest - n if rest >= n else rest
