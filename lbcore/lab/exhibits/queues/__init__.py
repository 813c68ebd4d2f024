"""Waiting: how long requests take where nodes queue them, and who sees the queues."""
