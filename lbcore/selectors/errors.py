"""What a selector raises where it picks nobody."""


class AllFull(LookupError):
    """Every node that is up has as many requests in flight as it may.

    The request may wait: a selector that raises this has `accept(node)`, which puts a request that waited in flight at
    a node that has room again, without another pick. While requests wait, those that come join them without one.
    """
