"""What every widget of a lesson shows: its still first, for when there is no kernel, and then itself."""

from typing import Any

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from lbcore.lab.frame import still

__all__ = ["Told"]


class Told(ipywidgets.DOMWidget):
    """A widget with a still. Its text is its whole sentence, where ipywidgets would cut it short."""

    #: Where its still stands on the page: a display handle.
    _still: Any = None

    def drawn(self) -> Figure | None:
        """The picture of its still, where there is one."""
        return None

    def restill(self) -> None:
        """Show another still where one stands on the page."""
        if self._still is not None:
            self._still.update(still.said(repr(self), self.drawn()), raw=True)

    def _ipython_display_(self) -> None:
        self.add_class(still.ALIVE)
        self._still = display(still.said(repr(self), self.drawn()), raw=True, display_id=True)
        bundle = self._repr_mimebundle_()
        display(bundle[0] if isinstance(bundle, tuple) else bundle, raw=True)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/plain"] = repr(self)
        return bundle
