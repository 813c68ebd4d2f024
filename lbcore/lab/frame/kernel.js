// Stands before panel.js, controls.js and the player, which are loaded without each other: what they know of the kernel.

const ENDED = new Set(["restarting", "autorestarting", "terminating", "dead"]);
const RUN_AGAIN = "Run this notebook from the top (Run > Run All Cells) to go on.";

// Call `gone` once when the kernel that made this widget has ended: shut down, restarted or crashed.
function whenGone(model, gone) {
  const kernel = model.widget_manager && model.widget_manager.kernel;
  if (!kernel || !kernel.statusChanged) return () => {};
  const stop = () => {
    kernel.statusChanged.disconnect(status);
    kernel.disposed.disconnect(tell);
  };
  const tell = () => { stop(); gone(); };
  const status = (_, now) => { if (ENDED.has(now)) tell(); };
  kernel.statusChanged.connect(status);
  kernel.disposed.connect(tell);
  return stop;
}

// The widget around this element, with its controls and buttons.
const around = (el) => el.closest(".lbcore-panel, .lbcore-live, .lbcore-prediction") || el;

// Nothing in it can be used any more.
function still(el) {
  for (const one of around(el).querySelectorAll("button, input, select")) one.disabled = true;
}
