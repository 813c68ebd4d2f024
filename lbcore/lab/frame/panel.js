// The front end of panel.py: a picture, the sentence on it, and the line that makes both. The elements stay; what is in
// them changes, so that a screen reader announces the new sentence.

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
    sentence.textContent = model.get("sentence");
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
  const listeners = [["change:picture", show], ["change:sentence", say], ["change:code", write], ["change:progress", count]];
  for (const [name, handler] of listeners) model.on(name, handler);
  show();
  say();
  write();
  count();
  el.append(progress, picture, sentence, code);

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
    for (const [name, handler] of listeners) model.off(name, handler);
  };
}

export default { render };
