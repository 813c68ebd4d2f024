"""Random times with the same bits on every platform: + - * / alone, and nothing of the C library's mathematics.

Which of two events comes first may hang on the last bit of a logarithm, and a pick on that. So logarithm and
exponential stand here, as series; `reference.py` has the same lines in Python.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from lbcore.selectors._draws cimport again, counter, draw
from lbcore.selectors._instructions cimport AVX512, in_use

cdef enum Kind:
    LISTED          # the times are given, one for each request
    EXPONENTIAL
    CONSTANT
    PARETO
    BURSTY

cdef struct Times:
    Kind kind
    const double* listed
    double mean
    # Pareto: the shortest, (1 - (shortest / longest)^alpha), 1 / alpha. Bursty: the mean gap inside a burst, the mean
    # pause between two, and the odds that a request ends its burst.
    double a
    double b
    double c

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* The natural logarithm of x > 0, no denormal: x is 2^e m with m from sqrt(1/2) to sqrt(2), and s is small.
       ln m = 2 artanh s = 2 (s + s^3/3 + ...) with s = (m - 1) / (m + 1); the first term left out is below 2^-55 of it.
       ln 2 comes in two parts: the first ends in 21 zero bits, so that its product with e is exact. */
    static inline double lbcore_ln(double x) {
        uint64_t bits;
        double m, s, q, p;
        memcpy(&bits, &x, 8);
        int64_t e = (int64_t)(bits - 0x3FE6A09E667F3BCDULL) >> 52;
        bits -= (uint64_t)e << 52;
        memcpy(&m, &bits, 8);
        s = (m - 1.0) / (m + 1.0);
        q = s * s;
        p = 2.0 / 15.0 + q * (2.0 / 17.0 + q * (2.0 / 19.0));
        p = 2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0 + q * p));
        p = 2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * p));
        return e * 6.931471803691238e-01 + (s * (2.0 + q * p) + e * 1.9082149292705877e-10);
    }

    /* A draw above 0 and up to 1, in steps of 2^-53. A signed integer becomes a double in one instruction. */
    static inline double lbcore_unit(uint64_t bits) {
        return (double)(int64_t)((bits >> 11) + 1) * 1.1102230246251565e-16;
    }

    /* Exponential times; z: what is mixed for the first. With AVX-512 eight logarithms are one, with the same bits. */
    #define LBCORE_EXPONENTIALS(name, target) \
    target static inline void name(double *out, int64_t m, uint64_t z, double mean) { \
        for (int64_t k = 0; k < m; k++, z += 0x9E3779B97F4A7C15ULL) { \
            uint64_t bits = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL; \
            bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL; \
            bits ^= bits >> 31; \
            out[k] = mean * -lbcore_ln(lbcore_unit(bits)); \
        } \
    }
    LBCORE_EXPONENTIALS(lbcore_exponentials, )
    LBCORE_EXPONENTIALS(lbcore_exponentials_avx512, LBCORE_AVX512)
    """
    double ln "lbcore_ln"(double x) noexcept nogil
    double unit "lbcore_unit"(uint64_t bits) noexcept nogil
    void exponentials "lbcore_exponentials"(double*, int64_t, uint64_t, double) noexcept nogil
    void exponentials_avx512 "lbcore_exponentials_avx512"(double*, int64_t, uint64_t, double) noexcept nogil


cdef const double[::1] take_times(Times* times, given)


cdef inline double power(double x) noexcept nogil:
    """e^x for 0 <= x < 700: 2^k e^r with r within half of ln 2 of 0, by Taylor's series up to r^13."""
    cdef int64_t k = <int64_t>(x * 1.4426950408889634 + 0.5)
    cdef double r = (x - k * 6.931471803691238e-01) - k * 1.9082149292705877e-10
    cdef double p = 1.0
    cdef double scale
    cdef int i
    for i in range(13, 0, -1):
        p = 1.0 + p * r / i
    cdef uint64_t bits = <uint64_t>(k + 1023) << 52
    memcpy(&scale, &bits, 8)
    return p * scale


cdef inline double waiting(uint64_t bits) noexcept nogil:
    """An exponential time of mean 1."""
    return -ln(unit(bits))


cdef inline double bursty(const Times* times, uint64_t bits) noexcept nogil:
    cdef double gap = times.a * waiting(bits)
    bits = again(bits)
    return gap + times.b * waiting(again(bits)) if unit(bits) <= times.c else gap


cdef inline void fill(double* out, const Times* times, uint64_t seed, int64_t first, int64_t m) noexcept nogil:
    """The times number first to first + m - 1. Loops without a branch: several logarithms are under way at once."""
    cdef int64_t i
    cdef double mean = times.mean
    if times.kind == LISTED:
        memcpy(out, times.listed + first, m * sizeof(double))
    elif times.kind == EXPONENTIAL:
        if in_use == AVX512:
            exponentials_avx512(out, m, counter(seed, first), mean)
        else:
            exponentials(out, m, counter(seed, first), mean)
    elif times.kind == CONSTANT:
        for i in range(m):
            out[i] = mean
    elif times.kind == PARETO:
        for i in range(m):
            out[i] = times.a * power(-ln(1.0 - times.b * (1.0 - unit(draw(seed, first + i)))) * times.c)
    else:
        for i in range(m):
            out[i] = bursty(times, draw(seed, first + i))
