"""Hash functions by which other systems hash keys and name points, from their published definitions.

Each takes bytes and returns an integer; all read little-endian on every machine. Where a system hands its bytes to a
signed C char, a byte of 0x80 or more counts as a negative number here too. CRC32 and MD5 stand in `zlib` and
`hashlib`, CRC16/XMODEM in `binascii.crc_hqx`.
"""

from libc.stdint cimport uint32_t, uint64_t

from lbcore.selectors cimport _hashes
from lbcore.selectors._hashes cimport read32, read64


cdef inline uint32_t rotl32(uint32_t x, int bits) noexcept nogil:
    return (x << bits) | (x >> ((32 - bits) & 31))


cdef inline uint32_t signed32(unsigned char c) noexcept nogil:
    return <uint32_t><signed char>c


def xxh64(bytes data not None, uint64_t seed=0):
    """xxHash64 (Collet): 64 bits."""
    return _hashes.xxh64(data, len(data), seed)


def murmur2_64a(bytes data not None, uint64_t seed=0):
    """MurmurHash64A (Appleby): 64 bits."""
    cdef const unsigned char* p = data
    cdef const unsigned char* end = p + len(data)
    cdef uint64_t m = 0xC6A4A7935BD1E995ULL, h = seed ^ (<uint64_t>len(data) * m), k
    cdef int bits = 0
    while end - p >= 8:
        k = read64(p) * m
        h = (h ^ ((k ^ (k >> 47)) * m)) * m
        p += 8
    if p < end:
        while p < end:
            h ^= <uint64_t>p[0] << bits
            bits += 8
            p += 1
        h *= m
    h = (h ^ (h >> 47)) * m
    return h ^ (h >> 47)


def murmur2(bytes data not None, uint32_t seed=0):
    """MurmurHash2 (Appleby): 32 bits."""
    cdef const unsigned char* p = data
    cdef const unsigned char* end = p + len(data)
    cdef uint32_t m = 0x5BD1E995, h = seed ^ <uint32_t>len(data), k
    cdef int bits = 0
    while end - p >= 4:
        k = <uint32_t>read32(p) * m
        h = (h * m) ^ ((k ^ (k >> 24)) * m)
        p += 4
    if p < end:
        while p < end:
            h ^= <uint32_t>p[0] << bits
            bits += 8
            p += 1
        h *= m
    h = (h ^ (h >> 13)) * m
    return h ^ (h >> 15)


def jenkins(bytes data not None, uint32_t seed=0):
    """Lookup3 (Jenkins 2006): 32 bits."""
    cdef const unsigned char* p = data
    cdef Py_ssize_t left = len(data), i
    cdef uint32_t a = 0xDEADBEEFU + <uint32_t>left + seed
    cdef uint32_t b = a, c = a
    if left == 0:
        return c
    while left > 12:
        a += <uint32_t>read32(p)
        b += <uint32_t>read32(p + 4)
        c += <uint32_t>read32(p + 8)
        a = (a - c) ^ rotl32(c, 4)
        c += b
        b = (b - a) ^ rotl32(a, 6)
        a += c
        c = (c - b) ^ rotl32(b, 8)
        b += a
        a = (a - c) ^ rotl32(c, 16)
        c += b
        b = (b - a) ^ rotl32(a, 19)
        a += c
        c = (c - b) ^ rotl32(b, 4)
        b += a
        p += 12
        left -= 12
    for i in range(left):
        if i < 4:
            a += <uint32_t>p[i] << (8 * i)
        elif i < 8:
            b += <uint32_t>p[i] << (8 * (i - 4))
        else:
            c += <uint32_t>p[i] << (8 * (i - 8))
    c = (c ^ b) - rotl32(b, 14)
    a = (a ^ c) - rotl32(c, 11)
    b = (b ^ a) - rotl32(a, 25)
    c = (c ^ b) - rotl32(b, 16)
    a = (a ^ c) - rotl32(c, 4)
    b = (b ^ a) - rotl32(a, 14)
    return <uint32_t>((c ^ b) - rotl32(b, 24))


def one_at_a_time(bytes data not None):
    """Jenkins's one-at-a-time hash, of signed chars: 32 bits."""
    cdef uint32_t h = 0
    cdef unsigned char c
    for c in data:
        h += signed32(c)
        h += h << 10
        h ^= h >> 6
    h += h << 3
    h ^= h >> 11
    return <uint32_t>(h + (h << 15))


def hsieh(bytes data not None):
    """SuperFastHash (Hsieh 2004) that starts at 0, its third last byte being a signed char: 32 bits."""
    cdef const unsigned char* p = data
    cdef Py_ssize_t left = len(data)
    cdef uint32_t h = 0
    if left == 0:
        return 0
    while left >= 4:
        h += p[0] | <uint32_t>p[1] << 8
        h = (h << 16) ^ (((p[2] | <uint32_t>p[3] << 8) << 11) ^ h)
        h += h >> 11
        p += 4
        left -= 4
    if left >= 2:
        h += p[0] | <uint32_t>p[1] << 8
        if left == 3:
            h ^= h << 16
            h ^= signed32(p[2]) << 18
            h += h >> 11
        else:
            h ^= h << 11
            h += h >> 17
    elif left == 1:
        h += p[0]
        h ^= h << 10
        h += h >> 1
    h ^= h << 3
    h += h >> 5
    h ^= h << 4
    h += h >> 17
    h ^= h << 25
    return <uint32_t>(h + (h >> 6))


def fnv1_32(bytes data not None):
    """FNV-1 of signed chars: 32 bits."""
    cdef uint32_t h = 0x811C9DC5U
    cdef unsigned char c
    for c in data:
        h = (h * 0x01000193U) ^ signed32(c)
    return h


def fnv1a_32(bytes data not None):
    """FNV-1a of signed chars: 32 bits."""
    cdef uint32_t h = 0x811C9DC5U
    cdef unsigned char c
    for c in data:
        h = (h ^ signed32(c)) * 0x01000193U
    return h


def fnv1_64(bytes data not None):
    """The low 32 bits of 64-bit FNV-1 of signed chars, as memcached's clients have it."""
    cdef uint64_t h = 0xCBF29CE484222325ULL
    cdef unsigned char c
    for c in data:
        h = (h * 0x100000001B3ULL) ^ <uint64_t><signed char>c
    return <uint32_t>h


def fnv1a_64(bytes data not None):
    """FNV-1a with the low halves of the 64-bit constants, in 32 bits, of signed chars: as memcached's clients have it.
    """
    cdef uint32_t h = 0x84222325U
    cdef unsigned char c
    for c in data:
        h = (h ^ signed32(c)) * 0x1B3U
    return h


def sdbm(bytes data not None):
    """HAProxy's sdbm: 32 bits."""
    cdef uint32_t h = 0
    cdef unsigned char c
    for c in data:
        h = c + (h << 6) + (h << 16) - h
    return h


def djb2(bytes data not None):
    """HAProxy's djb2: 32 bits."""
    cdef uint32_t h = 5381
    cdef unsigned char c
    for c in data:
        h = (h << 5) + h + c
    return h


def wt6(bytes data not None):
    """HAProxy's wt6 (Tarreau): 32 bits."""
    cdef uint32_t a = 0xA53C965AU, b = 0x5CA6953AU, turn, left = 6, right = 18
    cdef unsigned char c
    for c in data:
        a = ~(a ^ c)
        b = ~(b + c)
        turn = rotl32(b, left)
        b = rotl32(a, right)
        a = turn
        turn = ((a >> 16) ^ b) & 0xFFFF
        left = turn & 31
        right = turn >> 11
    return <uint32_t>(a ^ b)


def avalanche(uint32_t h):
    """HAProxy's full_hash of 32 bits, after Jenkins's integer hash with six shifts: 32 bits."""
    h = (h + 0x7ED55D16U) + (h << 12)
    h = (h ^ 0xC761C23CU) ^ (h >> 19)
    h = (h + 0x165667B1U) + (h << 5)
    h = (h + 0xD3A2646CU) ^ (h << 9)
    h = (h + 0xFD7046C5U) + (h << 3)
    h = (h ^ 0xB55A4F09U) ^ (h >> 16)
    return <uint32_t>(h * 3221225473U)
