"""The hash of a key: the twin of _hashes.pxd."""

from lbcore.selectors.reference._draws import MASK


def hash64(key: str | bytes | int, seed: int = 0) -> int:
    """xxHash64 (Collet's specification) of a str's UTF-8 bytes or an int's eight little-endian bytes."""
    key = (key & MASK).to_bytes(8, "little") if isinstance(key, int) else key
    data = key.encode() if isinstance(key, str) else key
    p1, p2, p3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
    p4, p5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5

    def rotate(x: int, bits: int) -> int:
        return (x << bits | x >> (64 - bits)) & MASK

    def lane(total: int, word: int) -> int:
        return rotate(total + word * p2 & MASK, 31) * p1 & MASK

    def words(size: int, start: int, stop: int) -> list[int]:
        return [int.from_bytes(data[at : at + size], "little") for at in range(start, stop, size)]

    stripes, eights, fours = len(data) // 32 * 32, len(data) // 8 * 8, len(data) // 4 * 4
    h = seed + p5
    if stripes:
        lanes = [seed + p1 + p2 & MASK, seed + p2 & MASK, seed, seed - p1 & MASK]
        for number, word in enumerate(words(8, 0, stripes)):
            lanes[number % 4] = lane(lanes[number % 4], word)
        h = sum(rotate(value, bits) for value, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for value in lanes:
            h = (h ^ lane(0, value)) * p1 + p4 & MASK
    h = h + len(data) & MASK
    for word in words(8, stripes, eights):
        h = rotate(h ^ lane(0, word), 27) * p1 + p4 & MASK
    for word in words(4, eights, fours):
        h = rotate(h ^ word * p1 & MASK, 23) * p2 + p3 & MASK
    for word in words(1, fours, len(data)):
        h = rotate(h ^ word * p5 & MASK, 11) * p1 & MASK
    h = (h ^ h >> 33) * p2 & MASK
    h = (h ^ h >> 29) * p3 & MASK
    return h ^ h >> 32
