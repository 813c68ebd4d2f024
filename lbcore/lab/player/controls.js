// Part of the traffic player (play.py joins the parts into one module): the controls, and the time that they set.

const MIN_WIDTH = 420; // of a canvas: below it scrolls
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function control(tag, className, text) {
  const made = element(tag, className, text);
  // JupyterLab's shortcuts would take keys away from anything that is not a text field.
  made.setAttribute("data-lm-suppress-shortcuts", "true");
  if (tag === "button") made.type = "button";
  return made;
}

function sharedPrefix(names) {
  if (names.length < 2) return 0;
  let length = 0;
  while (names.every((name) => length + 1 < name.length && name[length] === names[0][length])) length++;
  return /\d/.test(names[0].slice(0, length)) ? names[0].slice(0, length).search(/\d/) : length;
}

// The traces of a race share one time axis, and one scale of queues and shares.
function unpackAll(raw) {
  const traces = raw.map(unpack);
  const most = (name) => Math.max(...traces.map((trace) => trace[name]));
  const [span, longest, busiest] = [most("duration"), most("longest"), most("busiest")];
  for (const trace of traces) Object.assign(trace, { span, longest, busiest, prefix: sharedPrefix(trace.names) });
  return traces;
}

// Build the player in `root`; `was` is what one in its place had come to. Returns a function that ends it and says that.
function build(model, root, was = {}) {
  const raw = model.get("_traces");
  const message = model.get("message");
  if (message || !raw?.length || !raw.every((one) => one.nodes?.length)) {
    root.append(element("p", "lbcore-player-text", message || "There is no traffic to play."));
    return () => ({});
  }
  const traces = unpackAll(raw);
  const trace = traces.reduce((a, b) => (b.duration > a.duration ? b : a)); // the one whose clock is shown
  const steps = Float64Array.from(new Set(traces.flatMap((one) => [...one.steps]))).sort();
  const gone = new AbortController();
  const on = (target, name, handler) => target.addEventListener(name, handler, { signal: gone.signal });

  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `Traffic player, ${traces.map((one) => one.name).join(" and ")}`);
  const bar = element("div", "lbcore-player-bar");
  const play = control("button", "lbcore-player-button lbcore-player-play");
  const restart = control("button", "lbcore-player-button", "Restart");
  const back = control("button", "lbcore-player-button", "Step back");
  const next = control("button", "lbcore-player-button", "Step");
  const pace = element("label", "lbcore-player-label", "Speed ");
  const speeds = control("select", "lbcore-player-select");
  for (const speed of SPEEDS) {
    const option = element("option", "", `${speed}×`);
    option.value = speed;
    speeds.append(option);
  }
  speeds.value = was.speed || (SPEEDS.includes(model.get("speed")) ? model.get("speed") : 1);
  pace.append(speeds);
  const extra = model.get("buttons").map((label) => control("button", "lbcore-player-button", label));
  const stage = element("div", "lbcore-player-stage");
  stage.setAttribute("role", "img");
  stage.setAttribute("aria-label", model.get("summary"));
  const brushes = traces.map((one) => {
    const canvas = element("canvas", "lbcore-player-canvas");
    const cell = element("div", "lbcore-player-cell");
    cell.append(canvas);
    stage.append(cell);
    return new Brush(one, canvas);
  });
  const line = element("div", "lbcore-player-line");
  const name = element("span", "lbcore-player-label", "Time");
  name.setAttribute("aria-hidden", "true"); // the range says it too
  const range = control("input", "lbcore-player-range");
  range.type = "range";
  range.setAttribute("aria-label", "Time");
  range.min = 0;
  range.max = trace.duration;
  range.step = 1 / 10 ** trace.digits;
  const clockText = element("span", "lbcore-player-clock");
  clockText.setAttribute("aria-hidden", "true"); // the range says it too
  const text = element("p", "lbcore-player-text");
  const note = element("p", "lbcore-player-note");
  note.setAttribute("role", "status");
  const code = element("p", "lbcore-player-code");
  if (model.get("reproduce")) code.append("Reproduce: ", element("code", "", model.get("reproduce")));
  bar.append(play, restart, back, next, pace, ...extra);
  line.append(range, name, clockText);
  root.append(bar, note, stage, line, text);
  if (model.get("reproduce")) root.append(code);

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let places = []; // of each canvas
  let time = Math.min(trace.duration, was.time || 0); // seconds of the trace
  let wall = 0; // seconds since play was pressed
  let playing = false;
  let visible = false;
  let touched = !!was.touched; // by the user: from then on nothing starts by itself
  let frame = 0;
  let before = null;

  function draw() {
    if (!places.length) return;
    try {
      const look = lookOf(root);
      brushes.forEach((brush, i) => paint(brush, places[i], time, look));
    } catch (error) {
      stop();
      sorry(root, error);
    }
  }

  function stop() {
    const is = { time, playing, touched, speed: speeds.value };
    playing = false;
    places = [];
    halt();
    if (asked) cancelAnimationFrame(asked);
    clearTimeout(late);
    for (const observer of [sizes, sights, themes]) observer.disconnect();
    gone.abort();
    return is;
  }

  function tell(force) {
    range.value = time;
    // Words that change sixty times a second cannot be read. The clock tells the time of the words.
    if (force || !(performance.now() - tell.last < 120)) {
      tell.last = performance.now();
      const now = clock(trace, time);
      range.setAttribute("aria-valuetext", now);
      clockText.textContent = `${now} of ${clock(trace, trace.duration)}`;
      const words = sentence(traces, time);
      if (text.textContent !== words) text.textContent = words;
      root.dataset.timeS = time;
    }
  }

  function tick(now) {
    frame = 0;
    const passed = before === null ? 0 : Math.min(0.1, (now - before) / 1000);
    before = now;
    const seconds = Math.floor(wall);
    wall += passed;
    // With reduced motion, playing shows one still picture a second.
    const step = !calm.matches ? passed : Math.floor(wall) - seconds;
    time = Math.min(trace.duration, time + step * Number(speeds.value));
    if (time >= trace.duration) return set(false);
    if (step) {
      draw();
      tell(false);
    }
    run();
  }

  function run() {
    if (playing && visible && !frame) frame = requestAnimationFrame(tick);
  }

  function halt() {
    if (frame) cancelAnimationFrame(frame);
    frame = 0;
    before = null;
  }

  function set(on) {
    halt();
    playing = on;
    wall = 0;
    play.textContent = on ? "Pause" : "Play";
    // Nothing is read out while it plays; the present moment is when it stops.
    text.setAttribute("aria-live", on ? "off" : "polite");
    tell(true);
    draw();
    run();
  }

  function go(to) {
    touched = true;
    time = Math.min(trace.duration, Math.max(0, to));
    set(false);
  }

  on(play, "click", () => {
    touched = true;
    if (!playing && time >= trace.duration) time = 0;
    set(!playing);
  });
  on(restart, "click", () => {
    const was = playing || time >= trace.duration;
    go(0);
    if (was) set(true);
  });
  on(next, "click", () => go(steps[Math.min(steps.length - 1, upTo(steps, time))]));
  on(back, "click", () => {
    let i = upTo(steps, time) - 1;
    if (i > 0 && steps[i] === time) i--;
    go(steps[Math.max(0, i)]);
  });
  on(range, "input", () => go(Number(range.value)));
  const remark = (words) => {
    note.textContent = words;
    note.hidden = !words;
  };
  const refused = () => remark(model.get("note"));
  refused();
  model.on("change:note", refused);
  // What is played is all here already; only what asks for other traffic has nobody to ask.
  const deaf = whenGone(model, () => {
    for (const button of extra) button.disabled = true;
    remark(`The kernel has ended. What is here can still be played. ${RUN_AGAIN}`);
  });
  gone.signal.addEventListener("abort", () => {
    model.off("change:note", refused);
    deaf();
  });
  extra.forEach((button, i) => on(button, "click", () => {
    touched = true;
    model.send({ button: i, time_s: time });
  }));
  on(calm, "change", () => { if (calm.matches && playing) set(false); });
  // Keys meant for a control are not the notebook's.
  on(root, "keydown", (event) => event.stopPropagation());

  let asked = 0;
  function measure() {
    asked = 0;
    const widths = brushes.map((brush) => Math.floor(brush.canvas.parentElement.clientWidth));
    if (!widths.every(Boolean) || widths.every((width, i) => places[i]?.asked === width)) return;
    places = brushes.map((brush, i) => ({ ...layout(brush.trace, Math.max(MIN_WIDTH, widths[i])), asked: widths[i] }));
    draw();
  }
  // A frame later: a canvas that changes its height inside the observer makes the browser complain of a loop.
  const sizes = new ResizeObserver(() => { asked ||= requestAnimationFrame(measure); });
  sizes.observe(root);
  const sights = new IntersectionObserver((entries) => {
    visible = entries[entries.length - 1].isIntersecting;
    if (!visible) return halt();
    measure();
    if (model.get("autoplay") && !touched && !calm.matches && !playing && time === 0) {
      touched = true;
      return set(true);
    }
    draw();
    run();
  }, { threshold: 0.1 });
  sights.observe(stage);
  let late = 0;
  const themes = new MutationObserver(() => {
    draw();
    clearTimeout(late);
    late = setTimeout(() => { measure(); draw(); }, 400); // the style sheet of the theme may come after its name
  });
  themes.observe(document.body, { attributeFilter: ["class", "style", "data-jp-theme-name", "data-jp-theme-light"] });
  on(window.matchMedia("(prefers-color-scheme: dark)"), "change", draw);

  set(!!was.playing);
  return stop;
}

function sorry(root, error) {
  root.replaceChildren(element("p", "lbcore-player-text", `This traffic cannot be shown: ${error.message}.`));
}

function render({ model, el }) {
  let clean = () => ({});
  const show = () => {
    const was = clean();
    const root = element("div", "lbcore-player");
    el.replaceChildren(root);
    try {
      clean = build(model, root, was);
    } catch (error) {
      clean = () => ({});
      sorry(root, error);
    }
  };
  const names = ["change:_traces", "change:message"];
  show();
  for (const name of names) model.on(name, show);
  return () => {
    for (const name of names) model.off(name, show);
    clean();
  };
}

export default { render };
