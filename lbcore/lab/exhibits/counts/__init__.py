"""Who gets how many: requests at each node, their order, their work, and the luck in them."""
