"""Wheels, sdist, the checked build and the import: what a build needs, and what it must not carry.

What compiles is for --soak; .ci/run runs it in a step of its own.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lbcore import lessons

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


def sources(folder: Path) -> Path:
    """The tracked files alone, without anything that was built in this checkout."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\n"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


WHEEL = (sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", "dist")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a wheel in dist/ whose code checks every index."""
    tree = sources(tmp_path_factory.mktemp("checked"))
    run(tree, *WHEEL, ".", LBCORE_DEBUG="1", LBCORE_WERROR="0")
    return tree


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_wheel(checked: Path) -> None:
    [wheel] = (checked / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert not [
        name for name in names if name.endswith((".c", ".cpp")) or name.startswith(("tests", "build", "lessons"))
    ]
    carried = {name.removeprefix("lbcore/_lessons/") for name in names if name.startswith("lbcore/_lessons/")}
    assert carried == set(lessons.files(ROOT / "lessons")) and "data/access.log" in carried
    modules = sorted((ROOT / "lbcore").rglob("*.pyx"))
    assert {module.parent.name for module in modules} == {"selectors", "systems", "simulate"}
    for module in modules:
        stem = module.relative_to(ROOT).with_suffix("").as_posix()
        assert [name for name in names if re.fullmatch(re.escape(stem) + r"\..*(so|pyd)", name)], stem
        assert f"{stem}.pyi" in names
    data = [path for path in (ROOT / "lbcore").rglob("*") if path.suffix in {".js", ".css", ".toml", ".typed"}]
    assert {path.suffix for path in data} == {".js", ".css", ".toml", ".typed"}
    for path in data:
        assert path.relative_to(ROOT).as_posix() in names


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_debug_build_checks_every_index(checked: Path, tmp_path: Path) -> None:
    """The contract holds with the checks on. An IndexError below the door would surface as an unraisable exception."""
    generated = "".join(path.read_text() for path in (checked / "build" / "debug").rglob("*.c"))
    assert "__Pyx_RaiseBufferIndexErrorNogil(" in generated
    [wheel] = (checked / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    where = run(tmp_path, sys.executable, "-c", "import lbcore; print(lbcore.__file__)", PYTHONPATH=str(tmp_path))
    assert Path(where.strip()).is_relative_to(tmp_path)
    tests = ["tests/selectors/test_twins.py"]
    tests += [f"tests/selectors/test_{name}.py" for name in ("contract", "bad_input")]
    tests += [f"tests/simulate/test_{name}.py" for name in ("twin", "schedule", "plain", "bad_input")]
    out = run(
        tmp_path, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=",
        *tests, PYTHONPATH=str(tmp_path),
    )  # fmt: skip
    assert re.search(r"\d+ passed", out)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_sdist_holds_the_lessons_and_builds_from_itself(tmp_path: Path) -> None:
    tree = sources(tmp_path / "tree")
    run(tree, sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", str(tmp_path))
    [archive] = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path / "sdist")
    [inside] = (tmp_path / "sdist").iterdir()
    for wanted in ("lessons/00_start_here.ipynb", "lessons/executed/00_start_here.ipynb", "lessons/data/access.log"):
        assert (inside / wanted).is_file()
    assert (inside / "tests" / "conftest.py").is_file() and not list(inside.rglob("*.c"))
    run(inside, *WHEEL, ".")
    [wheel] = (inside / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "wheel")
    code = "import lbcore; print(lbcore.RoundRobin(3).select_many(4).tolist())"
    said = run(tmp_path, sys.executable, "-c", code, PYTHONPATH=str(tmp_path / "wheel"))
    assert said.strip() == "[0, 1, 2, 0]"


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.skipif(sys.platform != "linux", reason="the sanitizers are gcc's")
def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    """The contract, bad input, threads and the fuzz with the address and undefined-behaviour sanitizers in the core.

    A finding ends the process; memory that there is not is a MemoryError, as elsewhere. The libraries come first,
    because Python itself is built without them; its own small allocator would hide what is read beyond an object.
    """
    tree = sources(tmp_path / "tree")
    run(tree, sys.executable, "setup.py", "build_ext", "--inplace", LBCORE_SANITIZE="1")
    libraries = [run(tree, "gcc", f"-print-file-name=lib{name}.so").strip() for name in ("asan", "ubsan")]
    how = {
        "LD_PRELOAD": " ".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "PYTHONMALLOC": "malloc",
    }
    names = ("fuzz", "contract", "bad_input", "lies", "half_made", "threads")
    tests = [f"tests/selectors/test_{name}.py" for name in names]
    out = run(
        tree, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=",
        "-m", "not soak",
        *tests, PYTHONPATH=str(tree), **how,
    )  # fmt: skip
    assert re.search(r"\d+ passed", out)


PYTHONS = ("cp311", "cp312", "cp313", "cp314", "cp314t")
WHEELS = {
    "linux": [f"{python}-{kind}linux_x86_64" for python in PYTHONS for kind in ("many", "musl")],
    "macos": [f"{python}-macosx_{chip}" for python in PYTHONS for chip in ("x86_64", "arm64")],
    "windows": [f"{python}-win_amd64" for python in PYTHONS],
}


@pytest.mark.parametrize("platform", WHEELS)
def test_prebuilt_wheels(platform: str) -> None:
    pytest.importorskip("cibuildwheel", reason='cibuildwheel is missing: pip install "lbcore[test]"')
    command = ("-m", "cibuildwheel", "--print-build-identifiers", "--platform", platform, "--archs", "all")
    told = run(ROOT, sys.executable, *command).split()
    ours = {"linux": r".*x86_64", "macos": r".*(x86_64|arm64)", "windows": r".*amd64"}[platform]
    assert sorted(name for name in told if re.fullmatch(ours, name)) == sorted(WHEELS[platform])


@pytest.mark.parametrize("workflow", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.stem)
def test_workflows(workflow: Path) -> None:
    pytest.importorskip("check_jsonschema", reason='check-jsonschema is missing: pip install "lbcore[test]"')
    run(ROOT, sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow))


def test_import_loads_numpy_and_nothing_of_jupyter() -> None:
    code = "import sys; base = set(sys.modules); import lbcore; print(*sorted(set(sys.modules) - base))"
    loaded = {name.split(".")[0] for name in run(ROOT, sys.executable, "-c", code).split()}
    foreign = loaded - set(sys.stdlib_module_names) - {"lbcore", "numpy", "cython_runtime"}
    assert not [name for name in foreign if not name.startswith("_cython")]


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


EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for room in ("selectors", "presets")
    for path in (ROOT / "lbcore" / room).rglob("*.py*")
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
