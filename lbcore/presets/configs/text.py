"""Files as text, within bounds: what is no configuration is told in one sentence."""

from ipaddress import ip_address
from pathlib import Path

from lbcore.presets.configs.pool import ConfigError

MOST_BYTES = 16 * 2**20


def text_of(path: str | Path) -> str:
    """The text of a file of at most 16 MiB. A byte that is not UTF-8 is a replacement character."""
    with open(path, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ConfigError(f"the file is larger than {MOST_BYTES >> 20} MiB", str(path))
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise ConfigError("a byte of zero: this is no text", str(path), line)
    return data.decode("utf-8-sig", errors="replace")


def short(text: str) -> str:
    """One line that fits into a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:77] + "..."


def numeric(host: str) -> bool:
    """Whether a host is an IP address, and no name to look up."""
    try:
        return bool(ip_address(host.strip("[]")))
    except ValueError:
        return False
