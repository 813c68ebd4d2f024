"""The packages that are compared with, where they are installed."""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray


def package(name: str) -> Any:
    """The module, or None where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


MISSING = "not installed"


def version_of(module: Any) -> tuple[int, int]:
    """Its major and minor version."""
    major, minor, *_ = module.__version__.split(".")
    return int(major), int(minor)


def names(nodes: int) -> list[str]:
    """Of so many nodes."""
    return [f"node-{i}" for i in range(nodes)]


def integer_keys(requests: int) -> NDArray[np.int64]:
    """Random keys."""
    return np.random.default_rng(1).integers(0, 2**63, requests)


def xxh64(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """xxHash64 of 8-byte keys in vector operations."""
    p1, p2, p3, p4, p5 = (
        np.uint64(p)
        for p in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
    )
    h = words * p2
    h = (p5 + np.uint64(8)) ^ ((h << np.uint64(31)) | (h >> np.uint64(33))) * p1
    h = ((h << np.uint64(27)) | (h >> np.uint64(37))) * p1 + p4
    h = (h ^ (h >> np.uint64(33))) * p2
    h = (h ^ (h >> np.uint64(29))) * p3
    return h ^ (h >> np.uint64(32))
