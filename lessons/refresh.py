"""Run lessons and save them the way they are committed: `python lessons/refresh.py lessons/02_random.ipynb`.

Outputs and execution counts are kept, because the tests compare them. What changes from run to run, or belongs to
one machine, is dropped: widget views (their text stays), times, kernel details. Running it twice changes nothing.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def refresh(path: Path) -> None:
    """Run the notebook at `path` from the top and write it back."""
    notebook = nbformat.read(path, as_version=4)
    here = {"metadata": {"path": str(path.parent.resolve())}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=here, coalesce_streams=True).execute()
    notebook.metadata = {"kernelspec": KERNEL, "lbcore": notebook.metadata.get("lbcore", {})}
    for cell in notebook.cells:
        cell.metadata = {name: cell.metadata[name] for name in ("lbcore", "tags") if name in cell.metadata}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    nbformat.write(nbformat.from_dict(notebook), path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        refresh(Path(name))
