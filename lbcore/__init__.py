"""Load balancing and fault tolerance to learn from and to build on: compiled selectors, and lessons that use them."""

from typing import TYPE_CHECKING

from lbcore import selectors
from lbcore.selectors import *  # noqa: F403
from lbcore.selectors import __all__ as __all__

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Says where a name has gone."""
        try:
            return selectors.__getattr__(name)
        except AttributeError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
