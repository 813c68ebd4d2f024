from libc.stdint cimport int32_t, int64_t

from lbcore.simulate._tournament cimport ENDLESS, Tournament, bits_of, set_end


cdef struct Request:
    double arrived
    double started
    double work             # seconds at speed 1
    int64_t number
    int32_t behind          # the next in the same queue, or the next free place; -1 for none

cdef struct Server:
    double since            # it has been busy without a break
    double left             # of the work, while the node stands still
    int32_t node
    int32_t place           # of the request it serves; -1 for none

cdef struct Node:
    double speed
    double changed          # when `held` last did
    double area             # held x time
    double busy             # servers x time, of the busy spells that are over
    double spent            # latencies of the requests that are measured, summed up in the order of their ends
    double waited           # of that, before service
    int64_t picked
    int64_t served
    int64_t lost
    int32_t held            # requests here, in service or waiting
    int32_t first           # place of the first that waits; -1 for none
    int32_t last
    bint alive


cdef class Nodes:
    cdef readonly double now_s
    cdef int32_t n
    cdef int32_t servers                # of one node
    cdef Node* nodes
    cdef Server* serving
    cdef Tournament departures
    cdef Request* places
    cdef int32_t room
    cdef int32_t free                   # first free place; -1 for none
    cdef int32_t first                  # place of the first request that waits for any node; -1 for none
    cdef int32_t last
    cdef int32_t waiting                # so many do

    cdef Node* find(self, Py_ssize_t at) except NULL
    cdef make_room(self)
    cdef int32_t empty(self, int32_t at) noexcept nogil


cdef inline void hold(Node* node, int32_t more, double t) noexcept nogil:
    """From t on the node holds so many requests more, or fewer."""
    node.area += node.held * (t - node.changed)
    node.changed = t
    node.held += more


cdef inline void start(Nodes all, int32_t server, int32_t place, double t) noexcept nogil:
    """The server begins with the request at that place."""
    cdef Request* request = &all.places[place]
    cdef double speed = all.nodes[all.serving[server].node].speed
    all.serving[server].place = place
    request.started = t
    if speed == 1:          # as nearly always: the next departure waits for no quotient
        set_end(&all.departures, server, bits_of(t + request.work))
    elif speed > 0:
        set_end(&all.departures, server, bits_of(t + request.work / speed))
    else:
        all.serving[server].left = request.work
        set_end(&all.departures, server, ENDLESS)


cdef inline void idle(Nodes all, int32_t server) noexcept nogil:
    """The server has nothing to do from now on."""
    all.serving[server].place = -1
    all.nodes[all.serving[server].node].busy += all.now_s - all.serving[server].since
    set_end(&all.departures, server, ENDLESS)
