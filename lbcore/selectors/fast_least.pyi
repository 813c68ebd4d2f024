from lbcore.selectors._selector import Nodes, Selector, Weights

class FastLeastConnections(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None) -> None: ...
