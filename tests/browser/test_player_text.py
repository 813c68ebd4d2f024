"""The traffic player alone in a page, without JupyterLab: its words are Python's, and bad data is a sentence."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lbcore import HashSlots, Random, RoundRobin, TwoChoices
from lbcore.lab import failover
from lbcore.lab.player import play as module
from lbcore.lab.player.play import Player
from lbcore.lab.player.trace import Event, Trace
from lbcore.lab.player.traffic import traffic

SOURCE = Path(module.__file__).with_name("play.js").read_text(encoding="utf-8")

# A model as anywidget gives it to the front end: its bytes are DataViews, here at an odd offset, as they may be.
SHOW = """async ([source, state]) => {
  const bytes = (text) => { const raw = atob(text), all = new Uint8Array(raw.length + 3);
    for (let i = 0; i < raw.length; i++) all[i + 3] = raw.charCodeAt(i);
    return new DataView(all.buffer, 3, raw.length); };
  for (const [k, v] of Object.entries(state._trace)) if (v && v.bytes !== undefined) state._trace[k] = bytes(v.bytes);
  const front = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const model = { get: (name) => state[name], on() {}, off() {} };
  document.body.replaceChildren();
  window.clean = front.default.render({ model, el: document.body });
}"""
# Scrub to each of some times, then step back a few times; each time, say which time it is and what is written.
SCRUB = """([times, steps]) => {
  const range = document.querySelector("input[type=range]");
  const said = () => [Number(document.querySelector(".lbcore-player").dataset.timeS),
    document.querySelector(".lbcore-player-text").textContent, range.getAttribute("aria-valuetext")];
  const back = [...document.querySelectorAll("button")].find((button) => button.textContent === "Step back");
  return [
    ...times.map((seconds) => { range.value = seconds; range.dispatchEvent(new Event("input")); return said(); }),
    ...Array.from({ length: steps }, () => { back.click(); return said(); }),
  ];
}"""


@pytest.fixture(scope="module")
def blank(browser):
    """One page for all: each player is shown in place of the one before."""
    page = browser.new_page(viewport={"width": 900, "height": 800}, reduced_motion="reduce")
    page.wrong = []
    page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    page.close()


@pytest.fixture
def page(blank):
    blank.wrong.clear()
    return blank


def show(page, player, **changes):
    state = {
        "_trace": dict(player._trace),
        "message": player.message,
        "summary": player.summary,
        "speed": 1,
        "reproduce": player.reproduce,
        "autoplay": True,
    }
    state["_trace"] = {
        key: {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for key, value in state["_trace"].items()
    }
    state["_trace"].update(changes)
    page.evaluate(SHOW, [SOURCE, json.loads(json.dumps(state))])


def fates():
    many = np.arange(1, 41) / 4
    refused = np.arange(40) % 9 == 8
    start = np.where(refused, np.nan, many + 0.1)
    return Trace(
        ("alpha", "beta", "gamma with a long name"),
        many,
        np.where(refused, -1, np.arange(40) % 3),
        start,
        start + 0.6,
        ok=np.arange(40) % 4 != 0,
        events=[Event(3, 1, False), Event(7, 1, True)],
        travel_s=0.25,
    )


def through_a_crash(**how):
    """A trace in which requests are moved, and in which the balancer does not know at once."""
    return failover(
        rate_per_s=8.0,
        service_s=0.3,
        delay_s=0.4,
        at_s=2.0,
        back_s=6.0,
        seconds=9.0,
        timeout_s=2.0,
        patience_s=3.0,
        **how,
    ).trace


@pytest.mark.parametrize(
    "make",
    [
        lambda: traffic(RoundRobin(3)),
        lambda: traffic(RoundRobin(1), 1),
        lambda: traffic(Random(10, seed=7), 400, rate_per_s=20, speeds=[1, 1, 0.3] + [1] * 7),
        lambda: traffic(TwoChoices(64, seed=7), 2000, rate_per_s=100, speeds=[0.6] * 64),
        lambda: traffic(HashSlots(3), keys=[f"user-{i % 30}" for i in range(200)], down=["node-1"]),
        lambda: traffic(RoundRobin(3), 50, down=[0, 1, 2]),
        lambda: traffic(RoundRobin(2), 30, rate_per_s=2000, travel_s=0.01),
        lambda: traffic(RoundRobin(3), 5, rate_per_s=1, travel_s=0),
        fates,
        through_a_crash,
        lambda: through_a_crash(policy="nothing"),
        lambda: through_a_crash(policy="backup", nodes=16),
        lambda: through_a_crash(fault="pause"),
        lambda: replace(through_a_crash(), travel_s=0),
    ],
)
def test_it_shows_the_sentence_of_python_at_every_time(page, make):
    player = Player(make())
    show(page, player)
    times = np.linspace(0, player.trace.duration_s, 25).tolist()
    said = page.evaluate(SCRUB, [times, 8])
    assert len(said) == 33 and len({at for at, _, _ in said[:25]}) == 25
    for at, words, read_out in said:
        assert words == player.text_at(at)
        assert words.startswith(f"{read_out}: ")
    page.evaluate("clean()")
    assert page.wrong == []


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes": None},
        {"arrival_s": None},
        {"events": 5},
        {"colours": None},
        {"nodes": []},
        {"speeds": None},
        {"noticed": 5},
    ],
)
def test_bad_data_is_a_sentence(page, changes):
    show(page, Player(traffic(RoundRobin(3))), **changes)
    page.wait_for_timeout(150)
    assert page.wrong == []
    assert page.locator(".lbcore-player-text").inner_text().startswith(("This traffic cannot be shown", "There is no"))
    assert page.locator("canvas, button").count() == 0
    show(page, Player(None, message="This traffic cannot be played: so it is."))
    assert page.locator(".lbcore-player-text").inner_text() == "This traffic cannot be played: so it is."
    assert page.locator("canvas, button").count() == 0
    assert page.wrong == []
