"""Builds the compiled core; everything else about the project stands in pyproject.toml.

LBCORE_DEBUG=1 turns the checks of indices and memoryviews on; LBCORE_TRACE=1 adds line tracing for coverage.
LBCORE_SANITIZE=1 builds with gcc's address and undefined-behaviour sanitizers.
LBCORE_WERROR=1 makes a warning of Cython or of the C compiler an error. Each variant has its own build directory, so
that no file of one is taken for another's.
"""

import hashlib
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

import Cython.Compiler.Options
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

variants = ("DEBUG", "TRACE", "SANITIZE", "WERROR")
debug, trace, sanitize, strict = (os.environ.get(f"LBCORE_{name}") == "1" for name in variants)
kind = "trace" if trace else "sanitize" if sanitize else "debug" if debug else "plain"
build = f"build/{kind}" + ("-strict" if strict else "")

# All modules use one copy of Cython's own code, in a module that is generated: half the C to compile.
SHARED = "lbcore.selectors._cython"

if os.name == "nt":
    flags = ["/WX"] if strict else []
else:
    # No fused multiply-add: the same picks on every platform.
    flags = ["-O0" if debug else "-O3", "-g0", "-ffp-contract=off", *(["-Wall", "-Werror"] if strict else [])]
# gcc leaves a float that no integer can hold out of `undefined`; the first thing found ends the process.
checked = ["-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"] if sanitize else []
flags += [*checked, "-O1", "-g1", "-fno-omit-frame-pointer"] if sanitize else []
directives = {
    "language_level": 3,
    "freethreading_compatible": True,
    "boundscheck": debug,
    "wraparound": False,
    "initializedcheck": debug,
    "cdivision": True,
    "embedsignature": True,
    "linetrace": trace,
}


def extension(module: str, source: str) -> Extension:
    """One compiled module, with the flags that all share."""
    macros = [("CYTHON_TRACE_NOGIL", "1")] if trace else []
    return Extension(module, [source], extra_compile_args=flags, extra_link_args=checked, define_macros=macros)


class Build(build_ext):
    """Generates the C when it is wanted: setup.py also runs where pip only asks for the metadata."""

    def run(self) -> None:
        Cython.Compiler.Options.warning_errors = strict
        # A spawned process would not know of `strict`; elsewhere than on Linux forking is not safe.
        forks = sys.platform == "linux"
        if forks:
            multiprocessing.set_start_method("fork", force=True)
        made = cythonize(
            self.extensions,
            build_dir=build,
            nthreads=(os.cpu_count() or 1) if forks else 0,
            compiler_directives=directives,
            shared_utility_qualified_name=SHARED,
        )
        sources = {ext.name: ext.sources for ext in made}
        for ext in self.extensions:
            ext.sources = sources[ext.name]
        super().run()

    def build_extension(self, ext: Extension) -> None:
        """Compile a module, or take the library that the same C and the same command have made before.

        Their times do not tell: each isolated build brings a Cython that looks newer than all that was made.
        """
        command = repr((flags, ext.define_macros, getattr(self.compiler, "compiler_so", None)))
        digest = hashlib.sha256(command.encode() + Path(ext.sources[0]).read_bytes()).hexdigest()
        made = Path(self.get_ext_fullpath(ext.name))
        kept = Path(build, f"made.{self.plat_name}", self.get_ext_filename(ext.name))
        note = kept.with_name(kept.name + ".sha256")
        if note.exists() and note.read_text() == digest:
            self.mkpath(str(made.parent))
            self.copy_file(kept, made)
            return
        note.unlink(missing_ok=True)
        super().build_extension(ext)
        self.mkpath(str(kept.parent))
        self.copy_file(made, kept)
        note.write_text(digest)


class BuildWithLessons(build_py):
    """Puts what `lbcore lessons` copies into the package: notebooks, their data and the solutions."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for pattern in ("*.ipynb", "data/*", "solutions/*.py"):
                for path in sorted(Path("lessons").glob(pattern)):
                    target = Path(self.build_lib, "lbcore", "_lessons", path.relative_to("lessons"))
                    self.mkpath(str(target.parent))
                    self.copy_file(path, target)


if __name__ == "__main__":
    modules = [path.with_suffix("").as_posix().replace("/", ".") for path in sorted(Path("lbcore").rglob("*.pyx"))]
    # What is built is laid out in an empty folder: a wheel shall hold no module that has left the sources.
    with tempfile.TemporaryDirectory() as layout:
        setup(
            ext_modules=[extension(module, module.replace(".", "/") + ".pyx") for module in modules]
            + [extension(SHARED, SHARED.replace(".", "/") + ".c")],
            cmdclass={"build_ext": Build, "build_py": BuildWithLessons},
            # Forced, because a library left by one variant looks up to date to the next.
            options={
                "build": {"build_base": build, "build_lib": layout},
                "build_ext": {"force": True, "parallel": os.cpu_count()},
            },
        )
