"""Words that the sentences on failover and on retries share."""

__all__ = ["over_s", "some"]


def some(count: int, what: str) -> str:
    """1 request, 2 requests, 2 retries."""
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count:,} {what if count == 1 else plural}"


def over_s(length_s: float) -> str:
    """A time in seconds, as exact as it matters."""
    return f"{length_s:.2f}".rstrip("0").rstrip(".") + " s" if length_s < 9.95 else f"{length_s:.1f} s"
