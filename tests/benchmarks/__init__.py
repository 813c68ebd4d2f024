"""What lbcore costs: `python -m tests.benchmarks`."""
