"""What retries do to a service, and to each other."""
