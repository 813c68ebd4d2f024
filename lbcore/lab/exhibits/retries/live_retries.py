"""The same on real threads: clients that call a service which is down for a while, with and without jitter."""

from functools import partial

from lbcore.lab.exhibits.retries.stampede import calling
from lbcore.lab.frame.live import Live


def live_retries(clients: int = 40, down_s: float = 2.0) -> Live:
    """Real client threads that call a service which is down for a while, with and without jitter."""
    title = f"{2 * clients} client threads and a service that is down"
    return Live(partial(calling, clients=clients, down_s=down_s), 2 * down_s, title)
