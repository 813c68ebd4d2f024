"""From a key, or a node's name, to its 64-bit hash."""

from libc.stdint cimport uint64_t

cdef uint64_t hash_key(key, Py_ssize_t i, key_hash=*) except? 0
cdef object hash_keys(keys, str name, key_hash)
cdef object key_words(keys)
cdef object key_hash_of(key_hash)
cdef uint64_t name_hash(str name, uint64_t seed) except? 0
