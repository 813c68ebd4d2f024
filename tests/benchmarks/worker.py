"""A build of lbcore in a process of its own, which does a job once for each line that it is sent.

    python tests/benchmarks/worker.py FOLDER JOB quick|full

FOLDER holds the package `lbcore`. The job is that of this checkout, whatever tests stand beside that build. "ready" is
written first, or what that build lacks; then each line that comes in is answered with the seconds that one unit of the
work took.
"""

import subprocess
import sys
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]


class Elsewhere:
    """That process, as seen from the one that compares."""

    def __init__(self, folder: Path, job: str, quick: bool) -> None:
        command = [sys.executable, __file__, str(folder), job, "quick" if quick else "full"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.able = self.answer() == "ready"  # an old build may lack what the job asks for

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def once_s(self) -> float:
        assert self.process.stdin is not None
        self.process.stdin.write("once\n")
        self.process.stdin.flush()
        return float(self.answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def main(folder: str, job: str, size: str) -> None:
    """Answer until there is nobody who asks."""
    sys.path[0] = folder
    import lbcore

    assert Path(lbcore.__file__).parents[1] == Path(folder).resolve(), f"there is no lbcore in {folder}"
    sys.path[0] = str(ROOT)
    from tests.benchmarks.jobs import JOBS
    from tests.benchmarks.measure import Here

    quick = size == "quick"
    try:
        made = JOBS[job](quick)
        work = Here(made.ours, made.wall, 0.003 if quick else 0.02)
    except Exception as error:  # whatever it lacks
        print(error, flush=True)
        return
    print("ready", flush=True)
    for _ in sys.stdin:
        print(work.once_s(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
