from lbcore.selectors._selector import Nodes, Seed, Selector, Weights

class WeightedRoundRobin(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None) -> None: ...

class BurstRoundRobin(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None) -> None: ...

class WeightedRandom(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, seed: Seed = None) -> None: ...
