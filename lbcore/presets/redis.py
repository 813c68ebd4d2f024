"""Redis Cluster: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ (as of 7.0)"""

from binascii import crc_hqx
from collections import Counter
from collections.abc import Sequence

import numpy as np

from lbcore._checks import short
from lbcore.presets._checks import TextHash, texts
from lbcore.selectors import HashSlots, Selector

SLOTS = 16384


def key_slot(key: str | bytes) -> int:
    """The hash slot of a key, from 0 to 16383: what CLUSTER KEYSLOT answers.

    Where the key has a `{`, a `}` behind it and something in between, only what stands between the first of each is
    hashed, so that such keys share a slot.

    >>> key_slot("user:{1000}"), key_slot("1000")
    (11326, 11326)
    """
    if isinstance(key, str):
        try:
            key = key.encode()
        except UnicodeEncodeError:
            raise ValueError(f"key: {short(key)} has a character that is not valid text") from None
    if not isinstance(key, bytes):
        raise TypeError(f"key: {short(key)} is of type {type(key).__name__}; a key is text: str or bytes")
    return tag_crc(key) % SLOTS


def slots(nodes: Sequence[str]) -> Selector:
    """Each key to the master that owns its slot, in ranges as `redis-cli --cluster create` gives them.

    nodes: the masters' names, at most 16384. Where several stand at one address (what is before the last colon of a
    name), the ranges are dealt to one master of each address in turn, as redis-cli does. `add` and `remove` move as
    many slots as need be and no others, as `redis-cli --cluster rebalance` does, which picks others of them. While a
    node is down its keys are hashed again; Redis answers CLUSTERDOWN until a replica takes the slots over.
    """
    names = texts(nodes, "nodes")
    if len(names) > SLOTS:
        raise ValueError(f"nodes: {len(names)} nodes are more than the {SLOTS} slots")
    # In float32, and each range's end rounded to the nearest, a half up.
    share, cursor, ends = np.float32(SLOTS) / np.float32(len(names)), np.float32(0), []
    for _ in names:
        ends.append(int(np.floor(float(cursor + share - np.float32(1)) + 0.5)) + 1)
        cursor = cursor + share
    rounds: Counter[str] = Counter()  # how many masters of an address stand before this one
    turns, firsts = [], {address_of(name): i for i, name in reversed(list(enumerate(names)))}
    for i, name in enumerate(names):
        turns.append((rounds[address_of(name)], firsts[address_of(name)], i))
        rounds[address_of(name)] += 1
    dealt = np.array([i for _, _, i in sorted(turns)])
    owners = dealt[np.searchsorted(ends[:-1], np.arange(SLOTS), side="right")]
    return HashSlots(names, SLOTS, owners=owners, key_hash=TextHash(tag_crc))


def address_of(name: str) -> str:
    """What stands before the port of a node."""
    return name.rpartition(":")[0] or name


def tag_crc(data: bytes) -> int:
    """CRC16/XMODEM of a key, or of its hash tag."""
    tag, brace, _ = data.partition(b"{")[2].partition(b"}")
    return crc_hqx(tag if brace and tag else data, 0)
