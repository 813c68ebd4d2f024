// Part of the traffic player (play.py joins the parts into one module): one moment as a picture.

const GLANCE_S = 0.5; // of the trace: for so long a look at the loads is seen

function paths(brush, place, now) {
  const { pen, look, trace } = brush;
  pen.globalAlpha = 0.18;
  pen.strokeStyle = look.ink;
  pen.lineWidth = 1;
  const { balancer: b, middle } = place;
  const curve = (x0, y0, x1, y1) => {
    const xm = (x0 + x1) / 2;
    pen.moveTo(x0, y0);
    pen.bezierCurveTo(xm, y0, xm, y1, x1, y1);
  };
  pen.beginPath();
  for (const client of place.clients) curve(client.x, client.y, b.x + b.w / 2, middle);
  // Nothing is sent any more to a node that counts as down.
  const open = (k) => now.there[k] && (!trace.noticed || now.trusted[k]);
  if (place.columns === 1) place.boxes.forEach((one, k) => { if (open(k)) curve(b.x + b.w / 2, middle, one.x, one.y + one.h / 2); });
  pen.stroke();
  pen.globalAlpha = 1;
}

function travellers(brush, place) {
  const { trace, time: t } = brush;
  const { balancer: b, middle } = place;
  const bx = b.x + b.w / 2;
  if (!trace.travel) return;
  const cross = brush.sprite(GREY, Math.max(4.5, trace.dot), { crossed: true });
  for (let j = upTo(trace.arrivals, t), last = upTo(trace.sent, t); j < last; j++) {
    const i = trace.first[j];
    const u = Math.max(0, (t - trace.sent[j]) / trace.travel) * 2;
    const k = trace.node[i];
    if (u < 1) {
      // Not in turns: with as many nodes as clients, each client would seem to have a node of its own.
      const client = place.clients[(Math.imul(i + 1, 0x9e3779b1) >>> 24) % CLIENTS];
      brush.stamp(...along(u, client.x, client.y, bx, middle), brush.markOf(i, trace.dot, false));
    } else if (k >= 0) {
      const to = place.boxes[k];
      brush.stamp(...along(u - 1, bx, middle, to.x, to.y + to.h / 2), brush.markOf(i, trace.dot, true));
    } else if (u < 2) {
      fall(brush, place, u - 1, cross);
    }
  }
  // From a node back to the balancer, and on to another.
  for (const { i, from, left, place: row } of trace.hops) {
    if (t < left || t >= trace.arrival[i]) continue;
    const u = (2 * (t - left)) / (trace.arrival[i] - left);
    const [out, to] = [place.boxes[trace.node[from]], place.boxes[trace.node[i]]];
    const stood = out.x + Math.min(out.w * 0.7, 3 * trace.dot * (row + 1));
    if (u < 1) brush.stamp(...along(u, stood, out.y + out.h / 2, bx, middle), brush.sprite(NEUTRAL, trace.dot, { moved: true }));
    else brush.stamp(...along(u - 1, bx, middle, to.x, to.y + to.h / 2), brush.markOf(i, trace.dot, true));
  }
  // Failed for good: the balancer drops it, as what it refuses.
  if (!trace.noticed) return;
  for (let j = upTo(trace.failures, t - trace.travel / 2), last = upTo(trace.failures, t); j < last; j++) {
    fall(brush, place, (2 * (t - trace.failures[j])) / trace.travel, cross);
  }
}

function fall(brush, place, u, cross) {
  const { pen } = brush;
  const b = place.balancer;
  pen.globalAlpha = Math.min(1, 1.4 - u);
  brush.stamp(b.x + b.w / 2, b.y + b.h + u * (place.height - b.y - b.h - 30), cross);
  pen.globalAlpha = 1;
}

function people(brush, place) {
  const { pen, look } = brush;
  for (const { x, y } of place.clients) {
    brush.box(x - 15, y - 11, 30, 19, { alpha: 0.6 });
    pen.globalAlpha = 0.6;
    pen.fillStyle = look.ink;
    pen.fillRect(x - 8, y + 10.5, 16, 2);
    pen.globalAlpha = 1;
  }
  brush.write("clients", 4, 16, { pale: true });
}

function theBalancer(brush, place, now) {
  const { pen, trace } = brush;
  const b = place.balancer;
  brush.box(b.x, b.y, b.w, b.h, { alpha: 0.8 });
  brush.font(14, true);
  const lines = wrap(pen, trace.name, b.w - 12);
  lines.forEach((line, i) => {
    brush.write(line, b.x + b.w / 2, place.middle + 5 + (i - (lines.length - 1) / 2) * 17, { align: "center", bold: true });
  });
  brush.write("balancer", b.x + b.w / 2, 16, { align: "center", pale: true });
  const words = [];
  if (now.refused) words.push(`${now.refused} refused`);
  if (trace.noticed && now.moved) words.push(`${now.moved} moved`);
  if (trace.noticed && now.failed) words.push(`${now.failed} failed`);
  if (now.gone) words.push(`${now.gone} given up`);
  if (trace.late) words.unshift(`${now.late} late`);
  words.forEach((text, i) => brush.write(text, b.x + b.w / 2, b.y + b.h + 18 + 18 * i, { align: "center", bold: !!trace.late && !i }));
}

// The balancer has just looked at the loads: rings that fade, and a line to each node that it looked at.
function glance(brush, place, now) {
  const { pen, look, trace, time: t } = brush;
  const before = trace.looks ? upTo(trace.looks, t) : 0;
  const age = before ? (t - trace.looks[before - 1]) / GLANCE_S : 1;
  if (age >= 1) return;
  const b = place.balancer;
  pen.strokeStyle = look.ink;
  pen.globalAlpha = 0.8 * (1 - age);
  pen.lineWidth = 3;
  pen.beginPath();
  pen.roundRect(b.x - 4 - 8 * age, b.y - 4 - 8 * age, b.w + 8 + 16 * age, b.h + 8 + 16 * age, 8 + 8 * age);
  pen.stroke();
  pen.lineWidth = 1.5;
  pen.setLineDash([2, 4]);
  pen.beginPath();
  place.boxes.forEach((one, k) => {
    if (!now.there[k]) return;
    pen.moveTo(b.x + b.w, place.middle);
    pen.lineTo(one.x, one.y + one.h / 2);
  });
  if (place.columns === 1) pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function headings(brush, place) {
  const single = place.columns === 1;
  brush.font(14);
  const room = place.width - place.left - (single ? brush.pen.measureText("share").width + 16 : 0);
  const long = single ? "nodes and their queues" : "nodes: their shares and queues";
  brush.write(brush.pen.measureText(long).width <= room ? long : "nodes", place.left, 16, { pale: true });
  if (single) brush.write("share", place.width - 4, 16, { align: "right", pale: true });
}

// One moment of a trace on its canvas.
function paint(brush, place, t, theme) {
  brush.begin(place, t, theme);
  const { trace } = brush;
  const now = moment(trace, t);
  paths(brush, place, now);
  const nodes = () => { for (const k of trace.names.keys()) aNode(brush, place, k, now); };
  // Where boxes stand behind boxes, requests fly over them; else they go in at the side.
  if (place.columns > 1) nodes();
  glance(brush, place, now);
  travellers(brush, place);
  people(brush, place);
  theBalancer(brush, place, now);
  if (place.columns === 1) nodes();
  headings(brush, place);
  legend(brush, place);
  if (trace.news) news(brush, place);
}
