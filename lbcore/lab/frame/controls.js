// The front end of controls.py: a native range input, select or button, with a label, in an anywidget.

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function frame(model, el) {
  const root = element("div", "lbcore-control");
  // JupyterLab's shortcuts would take the arrow keys away from anything that is not a text field.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.addEventListener("keydown", (event) => event.stopPropagation());
  const label = element("label", "lbcore-control-label", model.get("label"));
  // A question stands above its slider; a name stands beside it.
  root.classList.toggle("lbcore-control-long", model.get("label").length > 28);
  // Each widget loads its own copy of this module, so a counter here would give the same id twice.
  label.htmlFor = `lbcore-control-${Math.random().toString(36).slice(2)}`;
  root.append(label);
  el.append(root);
  return { root, label };
}

// Call `send` at most once a frame, always with the last value. `now` sends what is waiting at once.
function throttled(send) {
  let waiting = 0;
  const now = () => {
    if (waiting) cancelAnimationFrame(waiting);
    waiting = 0;
    send();
  };
  const later = () => {
    if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; send(); });
  };
  const cancel = () => { if (waiting) cancelAnimationFrame(waiting); waiting = 0; };
  return { now, later, cancel };
}

// Hear these events, and hear when the kernel has ended: then nothing can be used any more, which is said here where no
// picture does.
function listen(model, root, events) {
  for (const [name, handler] of events) model.on(name, handler);
  const stop = whenGone(model, () => {
    still(root);
    if (!around(root).querySelector(".lbcore-panel-note")) {
      const note = element("p", "lbcore-control-note", `The kernel has ended. ${RUN_AGAIN}`);
      note.setAttribute("role", "status");
      root.append(note);
    }
  });
  return () => {
    stop();
    for (const [name, handler] of events) model.off(name, handler);
  };
}

// Python is asked for what follows from a value: a picture, which is old until it answers.
function send(model, root, name, value) {
  model.set(name, value);
  model.save_changes();
  root.dispatchEvent(new CustomEvent("lbcore-asked", { bubbles: true }));
}

function renderSlider(model, el) {
  const { root, label } = frame(model, el);
  const input = element("input", "lbcore-control-range");
  const shown = element("span", "lbcore-control-value");
  const predicts = model.get("kind") === "predict";
  input.type = "range";
  input.id = label.htmlFor;
  input.min = 0;
  input.step = 1;
  // The value is read out with the slider itself (aria-valuetext): not a second time.
  shown.setAttribute("aria-hidden", "true");
  // A slider and its value stay together, wherever they stand.
  const set = element("span", "lbcore-control-set");
  set.append(input, shown);
  root.append(set);

  const valueAt = (position) => {
    const ticks = model.get("ticks");
    if (ticks.length) return ticks[position];
    if (position >= model.get("positions")) return model.get("high");
    return Number((model.get("low") + position * model.get("step")).toFixed(model.get("decimals")));
  };
  const positionOf = (value) => {
    const ticks = model.get("ticks");
    if (!ticks.length) {
      const last = model.get("positions");
      if (value >= model.get("high")) return last;
      return Math.min(last, Math.max(0, Math.round((value - model.get("low")) / model.get("step"))));
    }
    let best = 0;
    ticks.forEach((tick, i) => { if (Math.abs(tick - value) < Math.abs(ticks[best] - value)) best = i; });
    return best;
  };
  const textOf = (value) => {
    const decimals = model.get("decimals");
    const digits = value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: Math.max(decimals, 6) });
    let unit = model.get("unit");
    if (value === 1 && unit.length > 2 && unit.endsWith("s")) unit = unit.slice(0, -1); // 1 request
    return unit ? `${digits} ${unit}` : digits;
  };

  let held = model.get("value"); // what the slider shows, also before Python knows of it
  const sender = throttled(() => {
    if (model.get("value") !== held) send(model, root, "value", held);
  });
  const show = () => {
    const text = textOf(held);
    shown.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  const measure = () => {
    // The widest value keeps its room, so that the slider does not change its length under the hand.
    const widest = Math.max(textOf(model.get("low")).length, textOf(model.get("high")).length);
    shown.style.minWidth = `${widest}ch`;
    if (!predicts) shown.style.flexBasis = `max(11em, ${widest}ch)`; // so that sliders below each other are alike
  };
  const pull = () => {
    held = model.get("value");
    input.max = model.get("positions");
    input.value = positionOf(held);
    show();
  };
  const words = () => {
    label.textContent = model.get("label");
    input.disabled = model.get("disabled");
    measure();
    show();
  };

  input.addEventListener("input", () => {
    held = valueAt(Number(input.value));
    show();
    sender.later();
  });
  input.addEventListener("change", () => sender.now());
  if (predicts) {
    const commit = element("button", "lbcore-control-button lbcore-control-commit", "Commit");
    commit.type = "button";
    // The number goes with the press: a busy kernel may hear of a press before it hears where the slider had come to.
    commit.addEventListener("click", () => {
      sender.cancel();
      model.set({ value: held, said: [model.get("said")[0] + 1, held] });
      model.save_changes();
    });
    root.append(commit);
  }
  const unlisten = listen(model, root, [
    ["change:value", () => { if (model.get("value") !== held) pull(); }],
    ["change:label", words],
    ["change:unit", words],
    ["change:disabled", words],
  ]);
  pull();
  words();
  return () => { sender.cancel(); unlisten(); };
}

function renderChoice(model, el) {
  const { root, label } = frame(model, el);
  const select = element("select", "lbcore-control-select");
  select.id = label.htmlFor;
  root.append(select);
  model.get("labels").forEach((text, i) => {
    const option = element("option", "", text);
    option.value = i;
    select.append(option);
  });
  const pull = () => { select.selectedIndex = model.get("index"); };
  const words = () => {
    label.textContent = model.get("label");
    select.disabled = model.get("disabled");
  };
  select.addEventListener("change", () => send(model, root, "index", select.selectedIndex));
  const unlisten = listen(model, root, [
    ["change:index", pull],
    ["change:label", words],
    ["change:disabled", words],
  ]);
  pull();
  words();
  return unlisten;
}

function renderAgain(model, el) {
  const { root, label } = frame(model, el);
  const button = element("button", "lbcore-control-button", "Deal again");
  button.id = label.htmlFor;
  button.type = "button";
  root.append(button);
  const words = () => {
    label.textContent = `${model.get("label")} ${model.get("value")}`;
    button.setAttribute("aria-label", `Deal again: now ${label.textContent}`);
    button.disabled = model.get("disabled");
  };
  button.addEventListener("click", () => {
    const next = model.get("value") + 1;
    send(model, root, "value", next > model.get("high") ? model.get("low") : next);
    words();
  });
  const unlisten = listen(model, root, [
    ["change:value", words],
    ["change:label", words],
    ["change:disabled", words],
  ]);
  words();
  return unlisten;
}

const KINDS = { slider: renderSlider, predict: renderSlider, choice: renderChoice, again: renderAgain };

function render({ model, el }) {
  return KINDS[model.get("kind")](model, el);
}

export default { render };
