"""Is a node dead, or is its beat only late? Rules that answer, one file each, and one that damps flapping.

A crashed node and a slow network look the same from afar: no beat comes. A detector draws the line. Sooner means more
false alarms, later means a longer outage; no rule escapes that, but a rule that watches how late beats usually are
(phi accrual, Chen) can set its line where it pays.

Every detector here is told the time, and holds neither a clock nor a thread nor a lock: whoever shares one among
threads guards it. Times are seconds on one clock of the receiver's choice; only differences matter. One detector
watches one sender; `fresh()` makes one for the next. A detector that has heard nothing suspects nothing: to notice a
node that never speaks, count the start of watching as its first beat.
"""

from lbcore.faults.detectors.chen import Chen, FreshnessPoints
from lbcore.faults.detectors.detector import Detector
from lbcore.faults.detectors.fixed import FixedTimeout
from lbcore.faults.detectors.phi import PhiAccrual, phi_exponential, phi_normal
from lbcore.faults.detectors.rise import Rise

__all__ = ["Chen", "Detector", "FixedTimeout", "FreshnessPoints", "PhiAccrual", "Rise", "phi_exponential", "phi_normal"]
