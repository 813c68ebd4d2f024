from collections.abc import Sequence
from typing import Any

from lbcore.selectors import Selector

class Plain(Selector):
    def __init__(self, selector: Any, names: Sequence[str], keys: Sequence[Any] | None) -> None: ...
    def look(self) -> None: ...
