"""The readable twins of the rules that one system alone has."""
