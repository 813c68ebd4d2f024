"""The CRC32 of a number before a key, from the key's CRC32 and length alone: a CRC32 is linear."""

from libc.stdint cimport uint32_t, uint64_t


cdef inline uint32_t times_x(uint32_t a) noexcept nogil:
    """A polynomial over GF(2) times x, modulo that of CRC32; the highest bit is x^0."""
    return (a >> 1) ^ (0xEDB88320U if a & 1 else 0U)


cdef inline uint32_t product(uint32_t a, uint32_t b) noexcept nogil:
    """Of two polynomials, modulo that of CRC32."""
    cdef uint32_t result = 0, bit = 0x80000000U
    while bit:
        if a & bit:
            result ^= b
        bit >>= 1
        b = times_x(b)
    return result


cdef inline uint32_t prefixed(uint64_t number, uint32_t crc, uint64_t length) noexcept nogil:
    """CRC32 of the number's decimal digits and a key of this CRC32 and length in bytes."""
    cdef uint32_t head = 0xFFFFFFFFU
    cdef uint32_t power = 0x00800000U       # a byte is x^8, two are x^16, four x^32, ...
    cdef uint64_t unit = 1
    while number // unit >= 10:
        unit *= 10
    while unit:
        head ^= <uint32_t>(48 + number // unit % 10)
        for _ in range(8):
            head = times_x(head)
        unit //= 10
    head = ~head
    while length:
        if length & 1:
            head = product(head, power)
        power = product(power, power)
        length >>= 1
    return head ^ crc
