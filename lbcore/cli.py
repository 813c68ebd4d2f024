"""The command line: `lbcore predict nginx.conf`, `lbcore doctor`, `lbcore lessons DIR`.

It ends with 0, with 1 where a fault was found, with 2 where it was called wrongly, and with 130 after Ctrl-C.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lbcore import doctor, predict, tables
from lbcore.predict import Progress
from lbcore.presets.configs import ConfigError, Configuration, EmptyPool, Pool, read

USAGE, FAULT, INTERRUPTED = 2, 1, 130
PLOT = 'a picture needs matplotlib: pip install "lbcore[lessons]"'


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command, and returns its exit status."""
    parser = parser_of()
    given = parser.parse_args(arguments)
    try:
        status: int = given.run(given)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return say("interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except ConfigError as error:
        return say(str(error), FAULT)
    except OSError as error:
        return say(f"{error.filename}: {error.strerror}" if error.filename else str(error), USAGE)
    except (LookupError, ValueError, TypeError, ImportError) as error:
        return say(error.args[0] if error.args else str(error), USAGE)


def say(sentence: object, status: int) -> int:
    print(f"lbcore: {sentence}", file=sys.stderr)
    return status


def parser_of() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lbcore", description="What a load balancer will do, from its configuration.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "predict",
        help="shares, hot keys and what moves, from nginx.conf, haproxy.cfg or envoy.yaml",
        description="Predicts what each upstream, backend or cluster of FILE does with its requests; with two files, "
        "what the change from the first to the second moves. Requests end before the next begins.",
    )
    command.set_defaults(run=run_predict)
    command.add_argument("files", nargs="+", metavar="FILE", help="one configuration, or the old and the new one")
    command.add_argument("--upstream", metavar="NAME", help="this pool alone")
    command.add_argument("--context", help="the pools of this context: http, stream, backend, listen")
    source = command.add_mutually_exclusive_group()
    source.add_argument("--keys", metavar="FILE", help="keys, one a line; - is the standard input")
    source.add_argument("--requests", type=positive, default=100_000, metavar="N", help="how many (default: 100000)")
    source.add_argument("--key", metavar="K", help="where this key goes, and where it goes on to after failures")
    command.add_argument("--down", action="append", default=[], metavar="SERVER", help="what moves when it goes")
    command.add_argument(
        "--add", action="append", default=[], metavar="SERVER", help="what moves when NAME or NAME=WEIGHT comes"
    )
    command.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="SETTING",
        help="go on without a setting that is not understood",
    )
    command.add_argument(
        "--address", action="append", default=[], type=pair, metavar="NAME=A,B", help="what a name stands for"
    )
    command.add_argument(
        "--env", action="append", default=[], type=pair, metavar="NAME=VALUE", help="a variable of haproxy.cfg"
    )
    command.add_argument("--system", choices=["nginx", "haproxy", "envoy"], help="whose configuration it is")
    command.add_argument("--seed", type=int, default=1, help="of what is drawn (default: 1)")
    command.add_argument("--plot", metavar="FILE", help="the shares as a picture: .png, .svg, .pdf")
    checks = commands.add_parser("doctor", help="does this machine have what the lessons need?")
    checks.set_defaults(run=run_doctor)
    copied = commands.add_parser("lessons", help="copy the lessons to a folder, and open them in JupyterLab")
    copied.set_defaults(run=run_lessons)
    copied.add_argument("folder", metavar="DIR")
    copied.add_argument("--no-open", action="store_true", help="copy only")
    for one in (command, checks, copied):
        one.add_argument("--json", action="store_true", help="for programs")
    return parser


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def run_predict(given: argparse.Namespace) -> int:
    if len(given.files) > 2:
        raise ValueError("predict: give one file, or the old and the new one")
    env = {**os.environ, **dict(given.env)}
    addresses = {name: value.split(",") for name, value in given.address}
    files = [read(file, env, addresses, given.system) for file in given.files]
    keys = lines_of(given.keys) if given.keys else None
    if given.plot:
        plot([], given.plot)  # before the work: what is missing is told at once
    absent: list[LookupError] = []
    with progress_bar() as progress:
        found = [*results(files, given, keys, progress, absent)]
    if not found and absent:
        raise absent[-1]
    if given.json:
        print(json.dumps([told for told, _ in found], indent=2))
    else:
        print("\n\n".join(tables.text(told) for told, _ in found))
    if given.plot:
        plot([told for told, _ in found if "refused" not in told], given.plot)
    return max((status for _, status in found), default=0)


def results(
    files: list[Configuration],
    given: argparse.Namespace,
    keys: list[str] | None,
    progress: Progress,
    absent: list[LookupError],
) -> Iterator[tuple[dict[str, Any], int]]:
    """What is told of each pool, and the exit status that it asks for; absent takes in pools without the server."""
    for pool in chosen(files[-1], given):
        before = counterpart(files[0], pool) if len(files) == 2 else pool
        try:
            selector = selector_of(pool, given)
            if before is None:
                yield {**predict.about(pool, 0), "refused": "it is not in the old file"}, 0
                continue
            requests = predict.requests_for(pool, keys, given.requests, given.seed)
            if given.key is not None:
                if pool.key is None:
                    yield {**predict.about(pool, 0), "refused": "no key counts here"}, USAGE if given.upstream else 0
                else:
                    yield predict.path_of(pool, selector, given.key), 0
            elif len(files) == 2 or given.down or given.add:
                changed = predict.altered(pool, selector, given.down, given.add)
                old = selector_of(before, given) if len(files) == 2 else selector
                yield predict.change((before, old), (pool, changed), requests, progress), 0
            else:
                yield predict.prediction(pool, selector, requests, progress), 0
        except LookupError as error:
            absent.append(error)
        except ConfigError as error:
            quiet = isinstance(error, EmptyPool) and not given.upstream
            yield {**predict.about(pool, 0), "refused": str(error)}, 0 if quiet else FAULT
    if len(files) == 2 and not given.upstream:
        for pool in chosen(files[0], given):
            if counterpart(files[1], pool) is None:
                yield {**predict.about(pool, 0), "refused": "it is not in the new file"}, 0


def chosen(pools: Configuration, given: argparse.Namespace) -> Sequence[Pool]:
    if given.upstream is not None:
        return [pools.pool(given.upstream, given.context)]
    if not pools:
        raise LookupError("the configuration has no upstream, backend or cluster")
    return [pool for pool in pools if given.context in (None, pool.context)]


def counterpart(pools: Configuration, pool: Pool) -> Pool | None:
    return next((other for other in pools if (other.name, other.context) == (pool.name, pool.context)), None)


def selector_of(pool: Pool, given: argparse.Namespace) -> Any:
    return pool.selector(given.ignore, **({"seed": given.seed} if pool.draws else {}))


def lines_of(path: str) -> list[str]:
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    keys = data.decode(errors="replace").splitlines()
    if not keys:
        raise ValueError(f"--keys: {path} holds no key")
    return keys


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Steps of a bar that appears on a terminal after two seconds; none where tqdm is not installed."""
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        yield lambda step: None
        return
    with tqdm(unit=" requests", unit_scale=True, delay=2, disable=None, leave=False) as bar:
        yield bar.update


def plot(told: list[dict[str, Any]], file: str) -> None:
    """The shares of all pools in one picture."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ImportError(PLOT) from None
    if Path(file).suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(f"--plot: {file!r} ends in none of .png, .svg, .pdf")
    drawn = [one for one in told if "looked_up" not in one]
    if not drawn:
        return
    figure = Figure(figsize=(8, sum(1.2 + 0.4 * len(tables.counts(one)[0]) for one in drawn)), layout="constrained")
    for axes, one in zip(figure.subplots(len(drawn), squeeze=False)[:, 0], drawn, strict=True):
        tables.draw(axes, one)
    figure.savefig(file)


def run_doctor(given: argparse.Namespace) -> int:
    found = doctor.results()
    if given.json:
        print(json.dumps([{"check": name, "trouble": trouble} for name, trouble in found], indent=2))
    else:
        doctor.environment()
    return FAULT if any(trouble for _, trouble in found) else 0


def run_lessons(given: argparse.Namespace) -> int:
    from lbcore import lessons

    copied, kept = lessons.copy(Path(given.folder))
    if given.json:
        print(json.dumps({"folder": given.folder, "copied": copied, "kept": kept}, indent=2))
    else:
        print(f"{given.folder}: {len(copied)} files copied, {len(kept)} that were there are kept")
    return 0 if given.no_open or given.json else lessons.open_in_jupyterlab(Path(given.folder))
