"""Which instruction set the loops use that are compiled for several.

Registers of 256 or 512 bits hold four or eight draws at once. A loop over integers gives the same picks with each set,
so which one it is shows in the time alone. It is asked of the processor once, and the tests run all that are there.
"""

cdef extern from *:
    """
    static int lbcore_here(void) {
    #if defined(__GNUC__) && defined(__x86_64__)
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return 2;
        return __builtin_cpu_supports("avx2") ? 1 : 0;
    #else
        return 0;
    #endif
    }
    """
    int here "lbcore_here"()

cdef tuple NAMES = ("baseline", "avx2", "avx512")


def available():
    """The instruction sets that this machine has and a loop can use, the newest last."""
    return list(NAMES[:here() + 1])


def use(instructions):
    """Use one of the `available` instruction sets; at first it is the newest."""
    global in_use
    if instructions not in available():
        raise ValueError(f"instructions: {instructions!r} is none of {', '.join(available())}")
    in_use = <Instructions>NAMES.index(instructions)


use(NAMES[here()])
