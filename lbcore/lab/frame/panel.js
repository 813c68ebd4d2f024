// The front end of panel.py: a picture, the sentence on it, and the line that makes both. The elements stay; what is in
// them changes, so that a screen reader announces the new sentence.

// So long a picture may take before it is called old: twice what a slow one takes.
const PATIENCE_MS = 400;

function render({ model, el }) {
  const make = (tag, className) => {
    const node = document.createElement(tag);
    node.className = `lbcore-panel-${className}`;
    return node;
  };
  const progress = make("progress", "progress");
  progress.max = 1;
  progress.setAttribute("aria-label", "done so far");
  const picture = make("div", "picture");
  const sentence = make("p", "sentence");
  sentence.setAttribute("aria-live", "polite");
  const note = make("p", "note");
  note.setAttribute("role", "status");
  const code = make("p", "code");
  const line = document.createElement("code");
  code.append("Reproduce: ", line);

  const show = () => {
    const svg = model.get("picture");
    picture.hidden = !svg;
    picture.innerHTML = svg;
    if (svg) {
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", model.get("sentence"));
    } else {
      picture.removeAttribute("role");
      picture.removeAttribute("aria-label");
    }
  };
  const say = () => {
    sentence.textContent = model.get("caption") || model.get("sentence");
    if (model.get("picture")) picture.setAttribute("aria-label", model.get("sentence"));
  };
  const write = () => {
    line.textContent = model.get("code");
    code.hidden = !model.get("code");
  };
  const count = () => {
    progress.hidden = model.get("progress") < 0;
    progress.value = Math.max(0, model.get("progress"));
  };
  // What is to be known of the picture: that it is old, or that no other will come.
  let ended = false;
  const remark = (text, old = Boolean(text)) => {
    if (ended) return;
    note.textContent = text;
    note.hidden = !text;
    el.classList.toggle("lbcore-panel-old", old);
  };
  let waiting = 0;
  const asked = (event) => {
    if (waiting || !around(el).contains(event.target)) return;
    waiting = setTimeout(() => remark("The kernel is busy: this picture is still the one from before."), PATIENCE_MS);
  };
  const answered = () => {
    clearTimeout(waiting);
    waiting = 0;
    remark(model.get("note"));
  };
  const stop = whenGone(model, () => {
    answered();
    const cut = !progress.hidden;
    progress.hidden = true;
    if (cut) sentence.hidden = true;
    remark(`The kernel has ended${cut ? " before this did" : ", and this picture stays as it is"}. ${RUN_AGAIN}`, false);
    ended = true;
    still(el);
  });
  const listeners = [
    ["change:picture", show], ["change:sentence", say], ["change:caption", say], ["change:code", write], ["change:progress", count],
    ["change:drawn", answered], ["change:note", answered],
  ];
  for (const [name, handler] of listeners) model.on(name, handler);
  document.addEventListener("lbcore-asked", asked);
  show();
  say();
  write();
  count();
  remark(model.get("note"));
  el.append(progress, note, picture, sentence, code);

  // The picture is drawn for the room it has, once that rests: a window that is pulled at has many widths.
  let resting = 0;
  const room = new ResizeObserver(() => {
    clearTimeout(resting);
    resting = setTimeout(() => {
      const width = Math.floor(el.clientWidth);
      if (!width || Math.abs(width - model.get("width")) < 8) return;
      model.set("width", width);
      model.save_changes();
    }, 120);
  });
  room.observe(el);
  return () => {
    clearTimeout(resting);
    room.disconnect();
    stop();
    clearTimeout(waiting);
    document.removeEventListener("lbcore-asked", asked);
    for (const [name, handler] of listeners) model.off(name, handler);
  };
}

export default { render };
