// Part of the traffic player (play.py joins the parts into one module): below the nodes, the colours of keys and what happens when.

const KNOB = 8;
const LABEL = 80;
const ASIDE = 24; // px that a label may stand to the right of its mark

// Which key has which colour, as far as there is room.
function legend(brush, place) {
  const { pen, trace } = brush;
  if (!trace.group) return;
  const y = place.height - 7;
  brush.write("key:", 4, y, { size: 13, pale: true });
  let x = 36;
  const entries = trace.groupNames.map((name, g) => [name.length > 14 ? `${name.slice(0, 13)}…` : name, g]);
  const others = trace.group.indexOf(-1) >= 0;
  brush.font(13);
  for (const [name, g] of entries) {
    const wide = pen.measureText(name).width + 28;
    if (x + wide > place.width - 84) {
      brush.write("…", x, y, { size: 13 });
      x += 20;
      break;
    }
    brush.stamp(x + 5, y - 4, brush.sprite(brush.colourOf(g), 5, { ring: brush.ringed(g) }));
    brush.write(name, x + 14, y, { size: 13 });
    x += wide;
  }
  if (others) {
    brush.stamp(x + 5, y - 4, brush.sprite(GREY, 5));
    brush.write("others", x + 14, y, { size: 13 });
  }
}

// When nodes go down and come back, come and go, and between which times the balancer has not noticed; small marks for
// its looks at the loads (above) and for clients that go away (below).
function news(brush, place) {
  const { pen, look, trace, time: t } = brush;
  // In line with the seek bar below, whose knob stands half its width inside at both ends.
  const [left, right, y] = [KNOB, place.width - KNOB, place.height - 10 - (trace.group ? 24 : 0)];
  const x = (time) => left + ((right - left) * time) / trace.span;
  pen.fillStyle = look.ink;
  pen.globalAlpha = 0.14;
  pen.fillRect(left, y - 3, right - left, 6);
  for (const k of trace.noticed ? trace.names.keys() : []) {
    for (const [from, , up] of trace.at[k].events) {
      if (up) continue;
      const end = trace.at[k].noticed.find((event) => event[0] >= from && !event[2]);
      const back = trace.at[k].events.find((event) => event[0] >= from && event[2]);
      const until = Math.min(end ? end[0] : trace.span, back ? back[0] : trace.span);
      pen.globalAlpha = 1;
      pen.fillStyle = "#D55E00";
      pen.fillRect(x(from), y - 6, x(until) - x(from), 12);
    }
  }
  pen.globalAlpha = 1;
  pen.fillStyle = look.ink;
  pen.globalAlpha = 0.7;
  for (const time of trace.looks || []) pen.fillRect(x(time) - 0.5, y - 9, 1, 6);
  pen.fillStyle = GREY;
  pen.globalAlpha = 1;
  for (const time of trace.gone_s) pen.fillRect(x(time) - 0.5, y + 3, 1, 6);
  const moves = (event, i) => `: ${trace.movedKeys[i]} of ${trace.keys} keys move`;
  const all = [
    ...trace.events.filter(([time]) => time > 0).map((event) => [...event, "dies", "back"]),
    ...(trace.noticed || []).map((event) => [...event, "noticed", "trusted"]),
    ...trace.members.map((event, i) => {
      const keys = trace.keys ? moves(event, i) : "";
      return [...event, `removed${keys}`, `added${keys}`];
    }),
  ];
  const one = new Set(all.map((event) => event[1])).size === 1;
  // What happens to several nodes within the room of a label has one label.
  const runs = [];
  for (const [time, k, up, down, again] of all.sort((a, b) => a[0] - b[0])) {
    pen.fillStyle = look.ink;
    pen.fillRect(x(time) - 0.75, y - 9, 1.5, 18);
    const word = up ? again : down;
    const run = runs.find((other) => other.word === word && x(time) - x(other.until) < LABEL);
    if (run) {
      run.until = time;
      if (!run.names.includes(trace.names[k])) run.names.push(trace.names[k]);
    } else runs.push({ word, from: time, until: time, names: [trace.names[k]] });
  }
  brush.font(13);
  let free = 0;
  for (const { word, from, until, names } of runs.sort((a, b) => a.from + a.until - b.from - b.until)) {
    const text = one ? word : `${names.join(", ")} ${word === "dies" && names.length > 1 ? "die" : word}`;
    const time = (from + until) / 2;
    for (const said of [text, word]) {
      const wide = pen.measureText(said).width;
      const at = Math.min(Math.max(x(time) - wide / 2, free), place.width - wide - 2);
      if (at < free || at > x(until) + ASIDE) continue; // no room for it: the sentence says it too
      brush.write(said, at, y - 14, { size: 13 });
      free = at + wide + 8;
      break;
    }
  }
  const small = [trace.looks && "above: when it looks at the queues", trace.hungUp && "below: clients that give up"].filter(Boolean);
  if (small.length && !free) brush.write(small.join(" · "), left, y - 14, { size: 13, pale: true });
  pen.beginPath();
  pen.arc(x(t), y, 5, 0, 7);
  pen.fillStyle = look.ink;
  pen.fill();
}
