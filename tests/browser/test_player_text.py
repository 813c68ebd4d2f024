"""The traffic player alone in a page, without JupyterLab: its words are Python's, and bad data is a sentence."""

import base64
import io
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lbcore import HashSlots, JumpHash, LeastConnections, Random, RoundRobin, TwoChoices
from lbcore.lab import failover
from lbcore.lab.player.columns import Event
from lbcore.lab.player.play import Player, play, race
from lbcore.lab.player.trace import Trace
from lbcore.lab.player.traffic import traffic
from lbcore.lab.player.words import moment

SOURCE = Player._esm

# A model as anywidget gives it to the front end: its bytes are DataViews, here at an odd offset, as they may be.
SHOW = """async ([source, style, state]) => {
  const bytes = (text) => { const raw = atob(text), all = new Uint8Array(raw.length + 3);
    for (let i = 0; i < raw.length; i++) all[i + 3] = raw.charCodeAt(i);
    return new DataView(all.buffer, 3, raw.length); };
  for (const trace of state._traces)
    for (const [k, v] of Object.entries(trace)) if (v && v.bytes !== undefined) trace[k] = bytes(v.bytes);
  const front = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const model = { get: (name) => state[name], on() {}, off() {}, send: (content) => { window.sent = content; } };
  const css = document.createElement("style");
  css.textContent = style;
  document.head.replaceChildren(css);
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

# What is written on the canvas at a time: each text, from where to where, and the height of its line.
WRITTEN = """(seconds) => {
  const pen = CanvasRenderingContext2D.prototype;
  const [write, found] = [pen.fillText, []];
  pen.fillText = function (text, x, y) {
    const wide = this.measureText(text).width;
    const left = x - wide * { left: 0, center: 0.5, right: 1 }[this.textAlign];
    found.push([text, left, left + wide, y]);
    write.call(this, text, x, y);
  };
  const range = document.querySelector("input[type=range]");
  range.value = seconds;
  range.dispatchEvent(new Event("input"));
  pen.fillText = write;
  return found;
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
        "_traces": [dict(trace) for trace in player._traces],
        "buttons": list(player.buttons),
        "note": "",
        "message": player.message,
        "summary": player.summary,
        "speed": 1,
        "reproduce": player.reproduce,
        "autoplay": True,
    }
    state["_traces"] = [
        {
            key: {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
            for key, value in {**trace, **changes}.items()
        }
        for trace in state["_traces"]
    ]
    page.evaluate(SHOW, [SOURCE, str(Player._css), json.loads(json.dumps(state))])


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
        lambda: traffic(LeastConnections(4, stale_s=1.0), uneven=True, patience_s=1.0, late_s=1.5),
        lambda: traffic(JumpHash(3), keys=[f"k{i % 30}" for i in range(150)], changes=[(3, "add"), (6, "remove")]),
        lambda: race(RoundRobin(4), LeastConnections(4), Random(4, seed=1), speeds=[1, 1, 1, 0.5]).trace,
    ],
)
def test_it_shows_the_sentence_of_python_at_every_time(page, make):
    player = Player(make())
    show(page, player)
    ends_s = max(trace["duration_s"] for trace in player._traces)
    times = np.linspace(0, ends_s, 25).tolist()
    said = page.evaluate(SCRUB, [times, 8])
    assert len(said) == 33 and len({at for at, _, _ in said[:25]}) == 25
    for at, words, read_out in said:
        assert words == player.text_at(at)
        assert words.startswith((f"{read_out}: ", f"{read_out}. "))
    page.evaluate("clean()")
    assert page.wrong == []


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes": None},
        {"arrival_s": None},
        {"events": 5},
        {"members": None},
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


def test_a_race_stands_side_by_side_where_there_is_room(blank):
    show(blank, race(RoundRobin(4), LeastConnections(4)))
    boxes = [canvas.bounding_box() for canvas in blank.locator("canvas").all()]
    assert len(boxes) == 2 and boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    assert blank.locator("input[type=range]").count() == 1
    blank.set_viewport_size({"width": 700, "height": 800})
    blank.wait_for_function("new Set([...document.querySelectorAll('canvas')].map((one) => one.offsetLeft)).size === 1")
    blank.set_viewport_size({"width": 900, "height": 800})


def test_a_button_says_which_and_when(page):
    show(page, play(JumpHash(3), keys=list("abcdef"), buttons=["add", "remove"]))
    page.evaluate(SCRUB, [[0.5], 0])
    page.get_by_role("button", name="Remove a node").click()
    assert page.evaluate("sent") == {"button": 1, "time_s": 0.5}


def test_a_look_and_a_client_that_has_gone_are_seen(page):
    """The same moment with and without them is another picture; and the marks are on the time line."""
    pixels = "document.querySelector('canvas').toDataURL()"
    seen = traffic(LeastConnections(4, stale_s=2.0), 60, rate_per_s=8, service_s=1, travel_s=0.25, patience_s=1.0)
    pictures = set()
    for changes in ({}, {"looks_s": None}, {"hung_up_s": None}):
        show(page, Player(seen), **changes)
        page.wait_for_function("document.querySelector('canvas').height > 160")
        page.evaluate(SCRUB, [[2.2], 0])
        pictures.add(page.evaluate(pixels))
    assert len(pictures) == 3
    assert page.wrong == []


def middle(pixels, near_white):
    """The middle of the longest run of pixels in a row that are not pale."""
    runs, start = [], None
    for x, pixel in enumerate([*pixels, (255, 255, 255)]):
        if min(pixel[:3]) < near_white:
            start = x if start is None else start
        elif start is not None:
            runs.append((x - start, (x + start - 1) / 2))
            start = None
    return max(runs)[1]


@pytest.mark.parametrize("width", [900, pytest.param(640, marks=pytest.mark.soak)])
def test_the_knob_stands_below_the_dot(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, Player(through_a_crash()))
    page.wait_for_function("document.querySelector('canvas').height > 160")
    canvas, knob = page.locator("canvas"), page.locator("input[type=range]")
    for time_s in (0.0, 3.1, 9.0):
        page.evaluate(SCRUB, [[time_s], 0])
        at = [Image.open(io.BytesIO(one.screenshot())).convert("RGB") for one in (canvas, knob)]
        # The dot is higher than the bar that it stands on, and the knob than its track.
        rows = (at[0].height - 10 - 4, at[1].height // 2 - 6)
        drawn = [[image.getpixel((x, row)) for x in range(image.width)] for image, row in zip(at, rows, strict=True)]
        dot = middle([pixel if max(pixel) < 60 else (255,) * 3 for pixel in drawn[0]], 60)
        assert abs(dot - middle(drawn[1], 200)) <= 1.5
    page.set_viewport_size({"width": 900, "height": 800})


def test_no_words_lie_on_others(page):
    """At the least width of a canvas, and at a usual one, with a node that is down."""
    for width in (440, 900):
        page.set_viewport_size({"width": width, "height": 800})
        show(page, Player(through_a_crash()))
        page.wait_for_function("document.querySelector('canvas').height > 160")
        written = page.evaluate(WRITTEN, 4.5)
        assert {"clients", "balancer", "share", "node-1"} <= {text for text, *_ in written}
        for one, other in itertools.combinations(written, 2):
            (_, left, right, y), (_, left2, right2, y2) = one, other
            assert abs(y - y2) >= 13 or right <= left2 or right2 <= left, (one, other)
    page.set_viewport_size({"width": 900, "height": 800})


def test_frames_of_a_race_with_eight_hundred_dots_each(blank):
    """The rate is printed, never asserted: it depends on the machine. Dots are counted, though."""
    how = {"requests": 5_000, "rate_per_s": 1_000.0, "service_s": 0.0028, "late_s": 1.0}
    player = race(RoundRobin(4), LeastConnections(4), **how)
    for trace in player.trace.traces:
        assert moment(trace, 2.0).on_way >= 800
    blank.emulate_media(reduced_motion="no-preference")
    show(blank, player)
    blank.wait_for_function("Number(document.querySelector('.lbcore-player').dataset.timeS) > 1")
    frames, script = blank.evaluate(
        """() => new Promise((done) => {
            const [times, script] = [[], []];
            const ask = window.requestAnimationFrame;
            window.requestAnimationFrame = (draw) => ask((now) => {
                const begun = performance.now();
                draw(now);
                script.push(performance.now() - begun);
            });
            const tick = (now) => {
                times.push(now);
                if (times.length < 121) return ask(tick);
                window.requestAnimationFrame = ask;
                done([times, script]);
            };
            ask(tick);
        })"""
    )
    blank.emulate_media(reduced_motion="reduce")
    passed = np.diff(frames)
    median, slow = np.median(passed), np.percentile(passed, 95)
    print(f"\n800 dots in each of two: a frame every {median:.1f} ms, of twenty one {slow:.1f}")
    print(f"script in a frame: {np.median(script):.1f} ms, of twenty one {np.percentile(script, 95):.1f}")
    assert blank.wrong == []
