"""A prediction as a table of text, and as bars."""

from typing import Any

MOST_ROWS = 50


def text(told: dict[str, Any]) -> str:
    """What `lbcore predict` prints of one pool."""
    lines = [head(told)]
    if "refused" in told:
        lines.append(f"  {told['refused']}")
    elif "looked_up" in told:
        lines += path(told)
    elif "servers" in told:
        lines += changed(told)
    else:
        lines += predicted(told)
    return "\n".join([*lines, *(f"  taken for granted: {sentence}" for sentence in told["assumed"])])


def head(told: dict[str, Any]) -> str:
    key = f", key {told['key']}" if told["key"] is not None else ""
    method = f", {told['method']}" if told["method"] else ""
    return f"{told['pool']} ({told['system']}, {told['context']}, line {told['line']}{method}{key})"


def path(told: dict[str, Any]) -> list[str]:
    first, *rest = told["path"] or ["nowhere"]
    return [f"  {told['looked_up']} goes to {first}", *(f"    then, that being down too, to {name}" for name in rest)]


def predicted(told: dict[str, Any]) -> list[str]:
    total, rows = told["requests_in_all"], []
    for name, count in told["requests"].items():
        gone = told["if_it_goes"].get(name)
        then = "-"
        if gone:
            nobody = gone["busiest"] is None
            then = "nobody serves" if nobody else f"{gone['busiest']}, {gone['busiest_over_mean']:.2f} x mean"
        moved = percent(gone["moved"]) if gone and gone["moved"] is not None else "-"
        server = name + (" (down)" if name in told["down"] else "")
        rows.append([server, str(told["weights"][name]), f"{count:,}", percent(count / total), moved, then])
    lines = table(["server", "weight", "requests", "share", "if it goes, moved", "and the busiest is"], rows)
    if told["key"] is None:
        lines = table(
            ["server", "weight", "requests", "share", "if it goes, the busiest is"], [r[:4] + r[5:] for r in rows]
        )
    if told["unserved"]:
        lines.append(f"  nobody serves {told['unserved']:,} of {total:,} requests")
    if told["busiest"] is not None:
        lines.append(f"  busiest: {told['busiest']}, {told['busiest_over_mean']:.2f} x the mean of those that serve")
    for hot in told["hot_keys"]:
        lines.append(f"  hot key: {hot['key']}, {percent(hot['requests'] / total)} of requests, on {hot['server']}")
    return lines


def changed(told: dict[str, Any]) -> list[str]:
    total = told["requests_in_all"]
    rows = []
    for name, row in told["servers"].items():
        moves = ["-" if row[word] is None else percent(row[word] / total) for word in ("gains", "loses")]
        rows.append([name, percent(row["before"] / total), percent(row["after"] / total), *moves])
    lines = table(["server", "before", "after", "gains", "loses"], rows)
    if told["moved"] is not None:
        lines.append(f"  {percent(told['moved'])} of {total:,} keys move")
    if "key_before" in told:
        lines.append(f"  the key was {told['key_before'] or 'none'}, and is {told['key'] or 'none'}")
    ratios = [told[f"busiest_over_mean{when}"] for when in ("_before", "")]
    if None not in ratios:
        lines.append(f"  busiest over the mean: {ratios[0]:.2f} before, {ratios[1]:.2f} after")
    return lines


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Columns: the first to the left, numbers to the right."""
    shown = rows[:MOST_ROWS]
    widths = [max(map(len, column)) for column in zip(head, *shown, strict=True)]
    lines = [
        "  "
        + "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in [head, *shown]
    ]
    return lines + ([f"  ... and {len(rows) - MOST_ROWS} more servers"] if len(rows) > MOST_ROWS else [])


def percent(part: float) -> str:
    return f"{100 * part:.1f} %"


def counts(told: dict[str, Any]) -> tuple[list[str], dict[str, list[int]]]:
    """Servers, and their requests in each state that is told."""
    if "servers" not in told:
        return list(told["requests"]), {"requests": list(told["requests"].values())}
    rows = told["servers"].values()
    return list(told["servers"]), {when: [row[when] for row in rows] for when in ("before", "after")}


def draw(axes: Any, told: dict[str, Any]) -> None:
    """Horizontal bars, the first server on top; the mean is a thin line."""
    names, states = counts(told)
    height = 0.8 / len(states)
    for number, (state, values) in enumerate(states.items()):
        shares = [100 * value / max(told["requests_in_all"], 1) for value in values]
        places = [i + number * height for i in range(len(names))]
        bars = axes.barh(places, shares, height, color=["#999999", "#0072B2"][number + 2 - len(states)])
        axes.bar_label(bars, [f"{share:.1f} % {state if len(states) > 1 else ''}" for share in shares], padding=3)
    axes.set_yticks([i + 0.4 - height / 2 for i in range(len(names))], names)
    axes.invert_yaxis()
    axes.set_xlabel("share of requests (%)")
    axes.set_title(f"{told['pool']} ({told['context']}), {told['requests_in_all']:,} requests", loc="left")
    axes.margins(x=0.15)
