from collections.abc import Callable
from typing import TypeAlias

from lbcore.selectors._selector import Selector

Clock: TypeAlias = Callable[[], float]

class LoadView(Selector): ...
