"""Settings for every test: property tests draw the same inputs each time, so that they never flake.

LBCORE_EXPLORE=1 draws others, and many more of them: for a look around, and after a change to the core.
"""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("LBCORE_EXPLORE") == "1" else "same")
