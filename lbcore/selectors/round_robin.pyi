from lbcore.selectors._selector import Nodes, Selector

class RoundRobin(Selector):
    def __init__(self, nodes: Nodes) -> None: ...
