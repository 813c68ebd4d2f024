"""What keeps a picture back until a prediction is committed, and what shows all at once."""

import os

__all__ = ["VEIL", "reveal", "revealed"]

VEIL = "Commit to a prediction above, or move a control, and the picture appears."

_shown = False


def reveal(everything: bool = True) -> None:
    """Show every picture of this notebook without waiting for predictions, from the next cell that is run on.

    The environment variable LBCORE_REVEAL=1 does the same for every notebook: the saved copies are made with it.
    """
    global _shown
    _shown = everything


def revealed() -> bool:
    """Whether pictures wait for nobody."""
    return _shown or os.environ.get("LBCORE_REVEAL") == "1"
