"""What Binder would build, as far as can be told without Docker: the Dockerfile that repo2docker makes of binder/."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")


@pytest.fixture
def checkout(tmp_path):
    """A copy of what Binder looks at."""
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    for name in ("pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def build(folder: Path) -> tuple[str, list[str]]:
    """The Dockerfile of a checkout, and what is wrong with it."""
    pytest.importorskip("repo2docker", reason='repo2docker is missing: pip install "lbcore[test]"')
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    file = done.stdout
    if done.returncode:
        return file, [f"repo2docker failed: {done.stderr.strip().splitlines()[-1]}"]
    found = []
    if f"Building conda environment for python={PYTHON}\n" not in done.stderr + "\n":
        found.append(f"the Python is not {PYTHON}")
    installed = file.find('/bin/pip install --no-cache-dir -r "binder/requirements.txt"')
    if installed < 0:
        found.append("binder/requirements.txt is not installed")
    elif " src/ ${REPO_DIR}/" not in file[:installed]:
        found.append("the checkout is not there when binder/requirements.txt is installed")
    if "RUN ./binder/postBuild" not in file:
        found.append("postBuild does not run")
    elif not os.access(folder / "binder" / "postBuild", os.X_OK):
        found.append("postBuild is not executable")
    lines = (folder / "binder" / "requirements.txt").read_text().split() if installed >= 0 else []
    wanted = re.fullmatch(r"\.\[(\w+)\]", lines[0]) if lines else None
    extras = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    if not wanted or wanted[1] not in extras:
        found.append("binder/requirements.txt asks for no extra of this package")
    return file, found


def test_binder_builds_what_the_lessons_need(checkout):
    assert build(checkout)[1] == []


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("runtime.txt", f"python-{PYTHON}.1", "repo2docker failed"),
        ("runtime.txt", f"python{PYTHON}", "repo2docker failed"),
        ("runtime.txt", "python", "failed|the Python is not"),
        ("runtime.txt", None, "the Python is not"),
        ("requirements.txt", None, "requirements.txt is not installed"),
        ("requirements.txt", "lbcore", "not there when"),
        ("requirements.txt", ".[lesson]", "no extra of this package"),
        ("postBuild", None, "postBuild does not run"),
    ],
)
def test_a_bad_configuration_is_caught(checkout, name, content, complaint):
    (checkout / "binder" / name).unlink()
    if content is not None:
        (checkout / "binder" / name).write_text(content + "\n")
    assert re.search(complaint, "; ".join(build(checkout)[1]))


def test_a_post_build_that_is_not_executable_is_caught(checkout):
    (checkout / "binder" / "postBuild").chmod(0o644)
    assert "postBuild is not executable" in build(checkout)[1]


def test_post_build_is_sound_shell():
    script = ROOT / "binder" / "postBuild"
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert "set -euo pipefail" in script.read_text()
