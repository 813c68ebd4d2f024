"""An Envoy bootstrap as fields with lines, from YAML's nodes, which JSON is too.

A field's name is the same in snake_case and camelCase. As Envoy does, anchors and aliases are followed and merge
keys refused. A name given twice and a second document are refused too: Envoy takes one and does not say which.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lbcore.presets.configs.pool import ConfigError, Unread
from lbcore.presets.configs.text import short, text_of

MOST_LOOKS = 1_000_000  # at fields: aliases of aliases unfold to more than a file can hold


class Document:
    """What is common to the fields of a file."""

    def __init__(self, path: str):
        self.path, self.left = path, MOST_LOOKS

    def root(self) -> "Field":
        try:
            import yaml
        except ImportError:
            raise ImportError('Envoy files need PyYAML: pip install "lbcore[configs]"') from None
        text = text_of(self.path)
        if re.match(r"(?:\s|#[^\n]*\n)*\{", text):  # JSON may be indented with tabs, which YAML refuses
            text = text.replace("\t", " ")
        try:
            node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            reason = getattr(error, "problem", None) or getattr(error, "reason", None) or error
            raise ConfigError(f"no YAML: {short(str(reason))}", self.path, mark.line + 1 if mark else 0) from None
        except RecursionError:
            raise ConfigError("fields are nested too deeply", self.path) from None
        if node is None:
            raise ConfigError("the file says nothing", self.path)
        self._look_for_faults(node)
        return Field(self, "", node)

    def _look_for_faults(self, root: Any) -> None:
        """Each node once, however many aliases lead to it."""
        seen, left = {id(root)}, [root]
        while left:
            node = left.pop()
            inner = list(node.value) if node.id == "sequence" else []
            if node.id == "mapping":
                names: set[str] = set()
                for key, value in node.value:
                    line = key.start_mark.line + 1
                    if key.id != "scalar":
                        raise ConfigError("a field's name is no text", self.path, line)
                    if key.value == "<<":
                        raise ConfigError("the merge key << is refused by Envoy", self.path, line)
                    if key.value in names:
                        raise ConfigError(f"{short(key.value)!r} is given twice", self.path, line)
                    names.add(key.value)
                    inner.append(value)
            left += [one for one in inner if id(one) not in seen]
            seen.update(map(id, inner))


class Field:
    """A value and its name."""

    def __init__(self, document: Document, name: str, node: Any):
        self.document, self.name, self.node = document, name, node
        document.left -= 1
        if document.left < 0:
            raise self.wrong("aliases unfold to more than a million fields")

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def wrong(self, reason: str) -> ConfigError:
        return ConfigError(f"{self.name}: {reason}" if self.name else reason, self.document.path, self.line)

    def unread(self, name: str | None = None, text: str | None = None) -> Unread:
        return Unread(name or self.name, short(text or self.name), self.document.path, self.line)

    def fields(self) -> Iterator["Field"]:
        """What a message holds, but for what is null."""
        if self.node.id != "mapping":
            raise self.wrong("a message with fields is wanted here")
        for key, value in self.node.value:
            if value.tag != "tag:yaml.org,2002:null":
                yield Field(self.document, snake(key.value), value)

    def items(self) -> Iterator["Field"]:
        if self.node.id != "sequence":
            raise self.wrong("a list is wanted here")
        for value in self.node.value:
            yield Field(self.document, self.name, value)

    def get(self, *names: str) -> "Field | None":
        """The field behind several names, one in the other; None where one of them is not there."""
        found = self
        for name in names:
            fitting = [field for field in found.fields() if field.name == name]
            if len(fitting) > 1:
                raise fitting[1].wrong("given twice, in snake_case and in camelCase")
            if not fitting:
                return None
            found = fitting[0]
        return found

    def all(self, name: str) -> list["Field"]:
        """The items of a list, none where it is not there."""
        found = self.get(name)
        return list(found.items()) if found else []

    @property
    def text(self) -> str:
        if self.node.id == "mapping":  # a number in a message of its own, as { value: 3 }
            inner = self.get("value")
            if inner is not None:
                return inner.text
        if self.node.id != "scalar":
            raise self.wrong("a plain value is wanted here")
        return str(self.node.value)

    def number(self, least: int, most: int) -> int:
        """A whole number, which may be written as a string, or as 0x10 or 1e3."""
        text = self.text
        try:
            base = 16 if text.lower().startswith("0x") else 10
            value = int(text, base) if base == 16 or text.isdecimal() else float(text)
        except ValueError:
            value = -1
        if value != value or not least <= value <= most or value != int(value):
            raise self.wrong(f"{short(text)!r} is no whole number from {least} to {most}")
        return int(value)

    def real(self, least: float, most: float) -> float:
        try:
            value = float(self.text)
        except ValueError:
            value = most + 1
        if not least <= value <= most:
            raise self.wrong(f"{short(self.text)!r} is no number from {least:g} to {most:g}")
        return value

    def one_of(self, names: Mapping[str, int]) -> str:
        """A value of an enumeration, by its name or its number."""
        for name, number in names.items():
            if self.text.upper() == name or self.text == str(number):
                return name
        raise self.wrong(f"{short(self.text)!r} is none of {', '.join(names)}")

    def yes(self) -> bool:
        if self.text not in ("true", "false"):
            raise self.wrong(f"{short(self.text)!r} is neither true nor false")
        return self.text == "true"


def snake(name: str) -> str:
    """camelCase as snake_case.

    >>> snake("lbPolicy")
    'lb_policy'
    """
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)
