"""Builds the compiled core; everything else about the project stands in pyproject.toml.

LBCORE_DEBUG=1 turns the checks of indices and memoryviews on; LBCORE_TRACE=1 adds line tracing for coverage.
LBCORE_WERROR=1 makes a warning of Cython or of the C compiler an error. Each variant has its own build directory, so
that no generated file of one is taken for another's.
"""

import multiprocessing
import os

import Cython.Compiler.Options
from Cython.Build import cythonize
from setuptools import Extension, setup

debug, trace, strict = (os.environ.get(f"LBCORE_{name}") == "1" for name in ("DEBUG", "TRACE", "WERROR"))
build = "build/" + ("trace" if trace else "debug" if debug else "plain")

# All modules use one copy of Cython's own code, in a module that is generated: half the C to compile.
SHARED = "lbcore.selectors._cython"

if os.name == "nt":
    flags = ["/WX"] if strict else []
else:
    # No fused multiply-add: the same picks on every platform.
    flags = ["-O0" if debug else "-O3", "-g0", "-ffp-contract=off", *(["-Wall", "-Werror"] if strict else [])]
how = {
    "extra_compile_args": flags,
    "define_macros": [("CYTHON_TRACE_NOGIL", "1")] if trace else [],
}
extensions = [
    Extension(f"lbcore.{room}.*", [f"lbcore/{room.replace('.', '/')}/*.pyx"], **how)
    for room in ("selectors", "selectors.systems", "simulate")
] + [Extension(SHARED, ["lbcore/selectors/_cython.c"], **how)]
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

if __name__ == "__main__":
    Cython.Compiler.Options.warning_errors = strict
    # Where processes are spawned, each would run this file again.
    cores = (os.cpu_count() or 1) if multiprocessing.get_start_method() == "fork" else 0
    setup(
        ext_modules=cythonize(
            extensions,
            build_dir=build,
            nthreads=cores,
            compiler_directives=directives,
            shared_utility_qualified_name=SHARED,
        ),
        # Forced, because a library left by one variant looks up to date to the next.
        options={"build": {"build_base": build}, "build_ext": {"force": True, "parallel": os.cpu_count()}},
    )
