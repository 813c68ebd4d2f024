"""Traffic that moves: a trace of requests, and the canvas that plays it."""
