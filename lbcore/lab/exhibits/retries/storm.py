"""One server and its queue through a brown-out, small enough to be watched: whose client has gone is grey."""

import numpy as np

from lbcore.lab.exhibits.retries._metastable import metastable
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.player.trace import Trace

#: A small one of brownout's: as much of the capacity is asked for, and the queue is short enough to be seen.
RATE_PER_S, CAPACITY_PER_S, LOW_PER_S, TIMEOUT_S = 6.0, 8.0, 2.0, 2.0
FROM_S, LASTS_S, UNTIL_S, TRAVEL_S = 5.0, 5.0, 24.0, 0.3


@exhibit(called={"retries": "retries allowed"})
def storm(retries: int = 1, *, seed: int = 7) -> Trace:
    """The traffic of a server that can do 8 requests a second, 2 from 5 to 10 s, and is sent 6, for 24 s.

    A client hangs up after 2 s and sends its request again, up to `retries` times. The server goes on with the work.
    """
    retries, seed = number("retries", retries, 0, 3), number("seed", seed, 0, 2**63)
    found = metastable(
        RATE_PER_S,
        retries,
        capacity_per_s=CAPACITY_PER_S,
        timeout_s=TIMEOUT_S,
        outage_from_s=FROM_S,
        outage_s=LASTS_S,
        outage_capacity_per_s=LOW_PER_S,
        until_s=UNTIL_S,
        seed=seed,
    )
    sent_s, end_s = found.sent_s, found.end_s + TRAVEL_S
    gone = found.end_s - sent_s > TIMEOUT_S
    return Trace(
        ("service",),
        sent_s + TRAVEL_S,
        np.zeros(len(sent_s), np.int32),
        np.maximum(found.begin_s + TRAVEL_S, sent_s + TRAVEL_S),
        end_s,
        travel_s=TRAVEL_S,
        hung_up_s=np.where(gone, sent_s + TIMEOUT_S, np.nan),
    )
