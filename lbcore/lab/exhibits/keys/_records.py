"""Do these lines look like records, of which one field is the key, and not like one key a line?

It is asked before lines are counted as keys: a log taken for keys has every line once, and so no hot key at all.
"""

import re

__all__ = ["records", "shown"]

_DATE = r"(?:\d{4}[-/]\d\d[-/]\d\d[T ]|\d{1,2}/[A-Z][a-z]{2}/\d{4}:|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d )\d\d:\d\d"
#: What one line shows by itself. What is in front may stand behind one word, as the kind of connection does.
_SIGNS = {
    "a line begins an object": re.compile(r"[\[{][\[{\s]*(?:[\"'].*)?|<[?!a-zA-Z].*", re.DOTALL),
    "a line has a time stamp in front": re.compile(
        r"(?:<\d{1,3}>(?:\d )?|[a-z]\S*+ )?"
        rf"(?:{_DATE}\S*|[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d|\d{{10}}\.\d{{3}})\s.*",
        re.DOTALL,
    ),
    "a line has a time stamp in brackets": re.compile(rf"[^\[]*(?:\[(?!{_DATE})[^\[]*)*\[{_DATE}.*", re.DOTALL),
    "a line has a quoted request": re.compile(
        r"[^\"]*(?:\"(?![A-Za-z]{3,10} [^\"]*HTTP/\d)[^\"]*)*\"[A-Za-z]{3,10} [^\"]*HTTP/\d.*", re.DOTALL
    ),
}
#: What separates fields, and from how many on, where every line has the same number.
_SEPARATORS = {"\t": ("tabs", 2), ",": ("commas", 2), ";": ("semicolons", 2), "|": ("bars", 2), None: ("blanks", 3)}
_MANY = 5
#: No line needs more to be known by, and no pattern gets more.
_SEEN = 2_000


def records(lines: list[str]) -> str:
    """What shows that most of these lines (none empty) are records; "" where nothing does."""
    lines = [line[:_SEEN] for line in lines]
    if lines and lines[0].strip() in ("{", "["):
        return "a line begins an object"
    for why, sign in _SIGNS.items():
        if 2 * sum(sign.fullmatch(line) is not None for line in lines) > len(lines):
            return why
    for separator, (name, few) in _SEPARATORS.items():
        counts = [len(line.split(separator)) for line in lines]
        many = 2 * sum(count >= _MANY for count in counts) > len(lines)
        if many or (len(lines) > 1 and counts[0] >= few and len(set(counts)) == 1):
            return f"a line has {counts[0]} fields between {name}"
    if len(lines) > 1 and all(re.fullmatch(r"\d+ \S+", line) for line in lines):
        return "each line has a number in front"
    return ""


def shown(line: str) -> str:
    """The beginning of a line, readable whatever is in it."""
    return repr(line if len(line) <= 100 else line[:97] + "...")
