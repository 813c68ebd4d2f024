"""Builds the compiled core; everything else about the project stands in pyproject.toml.

LBCORE_DEBUG=1 turns the checks of indices and memoryviews on; LBCORE_TRACE=1 adds line tracing for coverage.
Each variant has its own build directory, so that no generated file of one is taken for another's.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

debug, trace = (os.environ.get(name) == "1" for name in ("LBCORE_DEBUG", "LBCORE_TRACE"))
build = "build/" + ("trace" if trace else "debug" if debug else "plain")
extensions = [
    Extension(
        f"lbcore.{room}.*",
        [f"lbcore/{room}/*.pyx"],
        # No fused multiply-add: the same picks on every platform.
        extra_compile_args=[] if os.name == "nt" else ["-O0" if debug else "-O3", "-ffp-contract=off"],
        define_macros=[("CYTHON_TRACE_NOGIL", "1")] if trace else [],
    )
    for room in ("selectors", "simulate")
]
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
setup(
    ext_modules=cythonize(extensions, build_dir=build, compiler_directives=directives),
    # Forced, because a library left by one variant looks up to date to the next.
    options={"build": {"build_base": build}, "build_ext": {"force": True, "parallel": os.cpu_count()}},
)
