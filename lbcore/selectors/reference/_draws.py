"""Random draws without hidden state: the twin of _draws.pxd."""

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio
MASK = 2**64 - 1


def mix(z: int) -> int:
    """64 bits in, 64 well-stirred bits out: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def again(bits: int) -> int:
    """Another 64 bits for the same request or key."""
    return mix(bits + GOLDEN & MASK)


class Draws:
    """A stream of random draws named by its seed: draw i is a hash of the seed and i."""

    def __init__(self, seed: int):
        self.seed, self.number = seed, 0

    def next(self) -> int:
        """64 random bits."""
        self.number += 1
        return mix(self.seed + self.number * GOLDEN & MASK)

    def below(self, n: int) -> int:
        """One draw from 0 to n - 1."""
        return self.next() * n >> 64
