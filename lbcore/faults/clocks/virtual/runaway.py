"""How to stop a thread that computes on and makes no clock call: raise an exception in it, where it is."""

import ctypes

__all__ = ["interrupt"]


def interrupt(ident: int, kind: type[BaseException]) -> None:
    """Raise `kind` in the Python thread `ident` at its next instruction; inside a C call, after it."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(kind))
