"""Which instruction set the loops use that are compiled for several. The rules stand in _instructions.pyx."""

cdef extern from *:
    """
    #if defined(__GNUC__) && defined(__x86_64__)
    #define LBCORE_AVX2 __attribute__((target("avx2")))
    #define LBCORE_AVX512 __attribute__((target("avx512f,avx512dq")))
    #else
    #define LBCORE_AVX2
    #define LBCORE_AVX512
    #endif
    """

cdef enum Instructions:
    BASELINE
    AVX2
    AVX512

cdef Instructions in_use
