// The front end of quiz.py: fieldsets with native radio buttons, and a live region with the feedback.

// Text between backticks becomes <code>; everything else stays text, never HTML.
function fill(node, text) {
  node.replaceChildren();
  text.split("`").forEach((part, i) => {
    if (!part) return;
    if (i % 2 === 0) return void node.append(part);
    const code = document.createElement("code");
    code.textContent = part;
    node.append(code);
  });
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "lbcore-quiz";
  // JupyterLab's shortcuts would take the arrow keys away from anything that is not a text field.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.addEventListener("keydown", (event) => event.stopPropagation());
  // Each widget loads its own copy of this module, so a counter here would give the same id twice.
  const prefix = `lbcore-quiz-${Math.random().toString(36).slice(2)}`;
  const pulls = [];

  model.get("_content").forEach((question, q) => {
    const fieldset = document.createElement("fieldset");
    const legend = document.createElement("legend");
    fill(legend, `${q + 1}. ${question.text}`);
    fieldset.append(legend);
    const feedback = document.createElement("p");
    feedback.className = "lbcore-quiz-feedback";
    // The region is there, empty, before anything is said in it: only so is it read out.
    feedback.setAttribute("aria-live", "polite");
    let shown = null;

    const show = (chosen) => {
      if (chosen === shown) return;
      shown = chosen;
      feedback.replaceChildren();
      delete feedback.dataset.verdict;
      if (chosen === null) return;
      const choice = question.choices[chosen];
      feedback.dataset.verdict = choice.right ? "right" : "wrong";
      const verdict = document.createElement("strong");
      verdict.textContent = choice.right ? "Right. " : "Not this one. ";
      const reason = document.createElement("span");
      fill(reason, choice.feedback);
      feedback.append(verdict, reason);
    };

    const radios = question.choices.map((choice, c) => {
      const row = document.createElement("div");
      row.className = "lbcore-quiz-choice";
      const radio = document.createElement("input");
      radio.type = "radio";
      radio.name = `${prefix}-${q}`;
      radio.id = `${prefix}-${q}-${c}`;
      const label = document.createElement("label");
      label.htmlFor = radio.id;
      fill(label, choice.text);
      radio.addEventListener("change", () => {
        if (!radio.checked) return;
        show(c);
        const answers = [...model.get("answers")];
        answers[q] = c;
        model.set("answers", answers);
        model.save_changes();
      });
      row.append(radio, label);
      fieldset.append(row);
      return radio;
    });
    fieldset.append(feedback);
    root.append(fieldset);
    pulls.push(() => {
      const chosen = model.get("answers")[q] ?? null;
      radios.forEach((radio, c) => { radio.checked = c === chosen; });
      show(chosen);
    });
  });

  const pull = () => pulls.forEach((one) => one());
  model.on("change:answers", pull);
  pull();
  el.append(root);
  return () => model.off("change:answers", pull);
}

export default { render };
