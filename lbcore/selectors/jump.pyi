from lbcore.selectors._selector import KeyHash, Nodes, Selector

class JumpHash(Selector):
    def __init__(self, nodes: Nodes, *, key_hash: KeyHash | None = None) -> None: ...
