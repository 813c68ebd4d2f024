"""Classes that differ from a source text in one place."""

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

_OTHER = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Add],
    ast.Mod: [ast.FloorDiv],
    ast.FloorDiv: [ast.Mod],
    ast.Div: [ast.Mult],
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.Not: [ast.UAdd],
}
_NAMES = {"max": "min", "min": "max", "sum": "max", "all": "any", "any": "all", "append": "remove", "ceil": "floor"}


def mutants(source: str) -> Iterator[str]:
    """Every source text in which one operator, number, name or statement of the class is another, or is missing."""
    tree = ast.parse(source)
    for at, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            other = copy.deepcopy(tree)
            change(list(ast.walk(other))[at])
            yield ast.unparse(ast.fix_missing_locations(other))


def _changes(node: ast.AST) -> Iterator[Callable[[Any], None]]:
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp | ast.UnaryOp):
        for kind in _OTHER.get(type(node.op), []):
            yield lambda other, kind=kind: setattr(other, "op", kind())
    if isinstance(node, ast.Compare):
        for kind in _OTHER.get(type(node.ops[0]), []):
            yield lambda other, kind=kind: other.ops.__setitem__(0, kind())
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for step in (-1, 1):
            yield lambda other, step=step: setattr(other, "value", other.value + step)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda other: setattr(other, "value", not other.value)
    if isinstance(node, ast.Name) and node.id in _NAMES:
        yield lambda other: setattr(other, "id", _NAMES[other.id])
    if isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield lambda other: setattr(other, "attr", _NAMES[other.attr])
    if isinstance(node, ast.If | ast.While):
        yield lambda other: setattr(other, "test", ast.UnaryOp(ast.Not(), other.test))
    for place in range(len(node.body) if isinstance(node, ast.FunctionDef | ast.For | ast.If | ast.While) else 0):
        yield lambda other, place=place: other.body.__setitem__(place, ast.Pass())
