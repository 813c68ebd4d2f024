from lbcore.selectors._selector import KeyHash, Nodes, Selector, Weights

class Rendezvous(Selector):
    def __init__(self, nodes: Nodes, weights: Weights | None = None, *, key_hash: KeyHash | None = None) -> None: ...
