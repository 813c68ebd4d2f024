"""Python code in a process of its own: for what is about signals from outside, or leaves a thread behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time


def in_process(code: str, interrupt_after: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new Python. With `interrupt_after`, send SIGINT once that line has been printed."""
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    seen = ""
    while interrupt_after is not None and interrupt_after not in seen:
        seen = process.stdout.readline()
        assert seen, "it ended before the interruption"
    if interrupt_after is not None:
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
