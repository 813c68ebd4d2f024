"""Load balancing and fault tolerance to learn from and to build on: compiled selectors, and lessons that use them."""

from lbcore.selectors import *  # noqa: F403
from lbcore.selectors import __all__ as __all__
