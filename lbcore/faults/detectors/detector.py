"""What every failure detector answers."""

from typing import Protocol, Self, runtime_checkable

__all__ = ["Detector"]


@runtime_checkable
class Detector(Protocol):
    """What a monitor asks of a failure detector: tell it every beat, ask it at any time."""

    @property
    def threshold(self) -> float:
        """The suspicion at which the node counts as failed."""

    @property
    def deadline_s(self) -> float:
        """When the node will count as failed if no further beat comes; infinity before the first beat.

        `failed(now_s)` is `now_s >= deadline_s`, always: a monitor need not poll, it can sleep until then. Where the
        node counts as failed already, this is no later than the present.
        """

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """A beat has arrived, at `now_s`. `number` counts the sender's beats from 0, for the rules that use it.

        A time before the last beat's is no news, and changes nothing; NaN is a ValueError.
        """

    def suspicion(self, now_s: float) -> float:
        """How much speaks for a failure, on the rule's own scale; it never falls between two beats."""

    def failed(self, now_s: float) -> bool:
        """Whether the node counts as failed."""

    def fresh(self) -> Self:
        """A detector with the same parameters that has heard nothing yet."""
