"""Imports in the faults run one way: no module imports, however indirectly, one that imports it; for types neither."""

import ast
import importlib.util
import pkgutil
from graphlib import TopologicalSorter
from pathlib import Path

import lbcore.faults


def modules() -> dict[str, Path]:
    found = {"lbcore.faults", *(m.name for m in pkgutil.walk_packages(lbcore.faults.__path__, "lbcore.faults."))}
    return {name: Path(str(importlib.util.find_spec(name).origin)) for name in sorted(found)}  # type: ignore[union-attr]


def imported(path: Path, known: set[str]) -> set[str]:
    """The modules that a file imports, wherever in it: `from package import module` is the module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(
                f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in known else str(node.module)
                for alias in node.names
            )
    return names & known


def test_no_circle() -> None:
    files = modules()
    graph = {name: imported(path, set(files)) for name, path in files.items()}
    assert set(TopologicalSorter(graph).static_order()) == set(files)  # a CycleError names the circle
    assert not graph["lbcore.faults.clocks.interface"]
