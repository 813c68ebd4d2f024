# Only compiled code calls it.
