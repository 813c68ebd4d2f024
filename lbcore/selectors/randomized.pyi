from lbcore.selectors._selector import Nodes, Seed, Selector

class Random(Selector):
    def __init__(self, nodes: Nodes, seed: Seed = None) -> None: ...

class TwoChoices(Selector):
    def __init__(self, nodes: Nodes, seed: Seed = None) -> None: ...
