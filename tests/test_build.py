"""The wheel, the debug build and the import: what a build needs, and what it must not carry."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(cwd: Path, *command: str, **env: str) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources alone, without anything that was built in this checkout, and a wheel with the checks on in dist/."""
    tree = tmp_path_factory.mktemp("build") / "lbcore"
    built = shutil.ignore_patterns("*.so", "*.pyd", "*.c", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "lbcore", tree / "lbcore", ignore=built)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    pip = (sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", "dist", ".")
    run(tree, *pip, LBCORE_DEBUG="1")
    return tree


def test_wheel(checkout: Path) -> None:
    [wheel] = (checkout / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert not [
        name for name in names if name.endswith((".c", ".cpp")) or name.startswith(("tests", "build", "lessons"))
    ]
    modules = sorted((ROOT / "lbcore").rglob("*.pyx"))
    assert {module.parent.name for module in modules} == {"selectors", "simulate"}
    for module in modules:
        stem = module.relative_to(ROOT).with_suffix("").as_posix()
        assert [name for name in names if re.fullmatch(re.escape(stem) + r"\..*(so|pyd)", name)], stem
        assert f"{stem}.pyi" in names
    data = [path for path in (ROOT / "lbcore").rglob("*") if path.suffix in {".js", ".css", ".toml", ".typed"}]
    assert {path.suffix for path in data} == {".js", ".css", ".toml", ".typed"}
    for path in data:
        assert path.relative_to(ROOT).as_posix() in names


def test_debug_build_checks_every_index(checkout: Path, tmp_path: Path) -> None:
    """The contract holds with the checks on. An IndexError below the door would surface as an unraisable exception."""
    generated = "".join(path.read_text() for path in (checkout / "build" / "debug").rglob("*.c"))
    assert "__Pyx_RaiseBufferIndexErrorNogil(" in generated
    [wheel] = (checkout / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    where = run(tmp_path, sys.executable, "-c", "import lbcore; print(lbcore.__file__)")
    assert Path(where.strip()).is_relative_to(tmp_path)
    tests = ["tests/selectors/test_twins.py::test_picks_of_the_twin_whatever_is_mixed"]
    tests += [f"tests/selectors/test_{name}.py" for name in ("contract", "bad_input")]
    tests += [f"tests/simulate/test_{name}.py" for name in ("twin", "schedule", "plain", "bad_input")]
    out = run(
        tmp_path, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=",
        *tests,
    )  # fmt: skip
    assert re.search(r"\d+ passed", out)


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="the sanitizers are gcc's")
def test_sanitizers_find_nothing(checkout: Path, tmp_path: Path) -> None:
    """The contract, bad input, threads and the fuzz with the address and undefined-behaviour sanitizers in the core.

    A finding ends the process. The libraries come first, because Python itself is built without them; its own small
    allocator would hide what is read beyond an object.
    """
    shutil.copytree(checkout, tmp_path / "lbcore")
    shutil.copytree(ROOT / "tests", tmp_path / "lbcore" / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    tree = tmp_path / "lbcore"
    run(tree, sys.executable, "setup.py", "build_ext", "--inplace", LBCORE_SANITIZE="1")
    libraries = [run(tree, "gcc", f"-print-file-name=lib{name}.so").strip() for name in ("asan", "ubsan")]
    how = {"LD_PRELOAD": " ".join(libraries), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
    names = ("fuzz", "contract", "bad_input", "lies", "half_made", "threads")
    tests = [f"tests/selectors/test_{name}.py" for name in names]
    out = run(
        tree, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=",
        *tests, PYTHONPATH=str(tree), **how,
    )  # fmt: skip
    assert re.search(r"\d+ passed", out)


def test_import_loads_numpy_and_nothing_of_jupyter() -> None:
    code = "import sys; base = set(sys.modules); import lbcore; print(*sorted(set(sys.modules) - base))"
    loaded = {name.split(".")[0] for name in run(ROOT, sys.executable, "-c", code).split()}
    foreign = loaded - set(sys.stdlib_module_names) - {"lbcore", "numpy", "cython_runtime"}
    assert not [name for name in foreign if not name.startswith("_cython_")]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["cython-lint", "lbcore"],
    ],
    ids=["ruff", "ruff format", "mypy", "cython-lint"],
)
def test_linters(command: list[str]) -> None:
    if not shutil.which(command[0], path=str(Path(sys.executable).parent)):
        pytest.skip(f"{command[0]} is missing: pip install -e '.[test]'")
    run(ROOT, *command)


MODULES = [
    "_moved", "bounded", "consistent", "hashing", "least_loaded", "randomized", "ringless", "round_robin", "weighted",
]  # fmt: skip


EXAMPLES = sorted(
    f"lbcore.{room}.{path.stem}".removesuffix(".__init__")
    for room in ("selectors", "presets")
    for path in (ROOT / "lbcore" / room).glob("*.py*")
    if path.suffix in {".py", ".pyx"} and ">>> " in path.read_text()
)


@pytest.mark.parametrize("module", EXAMPLES)
def test_doctests(module: str) -> None:
    """Doctests of the compiled classes too, which pytest's own collection does not see."""
    import doctest
    from importlib import import_module

    import lbcore

    result = doctest.testmod(import_module(module), extraglobs={**vars(lbcore)})
    assert result.attempted > 0
    assert result.failed == 0
