"""Keys and their hashes: what `select` and `select_many` take for a key, and what is hashed of it."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsUnsignedLongLongMask
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint64_t

from lbcore.selectors cimport _hashes
from lbcore.selectors._checks cimport int_of, plain_list, short


cdef uint64_t hash_key(key, Py_ssize_t i, key_hash=None) except? 0:
    """The 64-bit hash of one key (number i of many, or -1 for the only one): xxHash64 with seed 0, or `key_hash`.

    A str is hashed as its UTF-8 bytes, an int as its eight little-endian bytes modulo 2^64.
    """
    cdef Py_ssize_t size
    cdef const char* text
    if key_hash is not None:
        value = int_of(key_hash(key_bytes(key, i, key_hash)), "key_hash", "a hash is an integer")
        if not 0 <= value < 1 << 64:
            raise ValueError(f"key_hash: {value} is outside 0 to 2^64 - 1")
        return value
    if isinstance(key, str):
        try:
            text = PyUnicode_AsUTF8AndSize(key, &size)
        except UnicodeEncodeError:
            raise surrogate(key, i) from None
        return _hashes.xxh64(<const unsigned char*>text, size, 0)
    if type(key) is int:
        return _hashes.xxh64_word(PyLong_AsUnsignedLongLongMask(key))
    if isinstance(key, bytes):
        return _hashes.xxh64(<const unsigned char*><bytes>key, len(<bytes>key), 0)
    value = int_of(key, key_name(i), "a key is str, bytes or int")
    return _hashes.xxh64_word(PyLong_AsUnsignedLongLongMask(value))


cdef bytes key_bytes(key, Py_ssize_t i, key_hash):
    """What is hashed of a key; a key hash whose `text_only` is true takes no integers."""
    if isinstance(key, str):
        try:
            return str.encode(key)
        except UnicodeEncodeError:
            raise surrogate(key, i) from None
    if isinstance(key, bytes):
        return bytes(key)
    if getattr(key_hash, "text_only", False):
        raise TypeError(f"{key_name(i)}: {short(key)} is of type {type(key).__name__}; a key is text: str or bytes")
    return (int_of(key, key_name(i), "a key is str, bytes or int") & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")


cdef object surrogate(str key, Py_ssize_t i):
    return ValueError(f"{key_name(i)}: {short(key)} has a lone surrogate, which UTF-8 cannot hold")


cdef object key_hash_of(key_hash):
    """A function from a key's bytes to an integer of 0 to 2^64 - 1; None is xxHash64, seed 0."""
    if key_hash is not None and not callable(key_hash):
        raise TypeError(f"key_hash: {short(key_hash)} cannot be called; give a function from bytes to an integer")
    return key_hash


cdef str key_name(Py_ssize_t i):
    return "key" if i < 0 else f"requests[{i}]"


cdef object hash_keys(keys, str name, key_hash):
    """The hashes of a list of keys, all checked before the first is used."""
    cdef Py_ssize_t i
    cdef uint64_t[::1] hashes
    if isinstance(keys, np.ndarray) and keys.ndim == 1 and keys.dtype.kind in "OUS":
        keys = plain_list(keys)
    if not isinstance(keys, (list, tuple)):
        what = f"a {keys.ndim}-D array of {keys.dtype}" if isinstance(keys, np.ndarray) else type(keys).__name__
        raise TypeError(f"requests: {name} selects by key; give a list of keys or a 1-D integer array, not {what}")
    keys = tuple(keys)      # a list could change under us
    result = np.empty(len(keys), np.uint64)
    hashes = result
    for i, key in enumerate(keys):
        hashes[i] = hash_key(key, i, key_hash)
    return result


cdef object key_words(keys):
    """An integer array's keys as 64-bit words: int64 is viewed, narrower types are widened with their sign."""
    if keys.ndim != 1:
        raise TypeError(f"requests: a 1-D array of keys is needed, not {keys.ndim}-D")
    wide = np.uint64 if keys.dtype.kind == "u" else np.int64
    return np.ascontiguousarray(keys, dtype=wide).view(np.uint64)


cdef uint64_t name_hash(str name, uint64_t seed) except? 0:
    """xxHash64 of a node's name, which need not be valid text."""
    cdef bytes text = name.encode("utf-8", "surrogatepass")
    return _hashes.xxh64(<const unsigned char*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), seed)
