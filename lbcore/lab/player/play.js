// The front end of play.py: requests flow from clients through the balancer to the nodes, on one canvas.
//
// Everything shown is a function of the trace and of one number, the time. A frame keeps no state for the next one, so
// the trace can be played at any speed and scrubbed, and nothing is asked of the kernel after the trace has come. (Longer
// than 300 lines: without a build step the canvas, its controls and its words are one module.)

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const NEUTRAL = "#6b7a8f"; // a request that no node has been picked for
const GREY = "#8a8a8a"; // refused, or one of the keys without a mark of its own
const CLIENTS = 4;
const MOST_LISTED = 12; // up to here the sentence lists every node's share, as in words.py
// What is said of a node that is not up, or not taken to be: as in words.py.
const STATES = [
  [false, true, "down, not noticed yet", "down, not noticed yet"],
  [false, false, "down", "down"],
  [true, false, "up, but counts as down", "up, but count as down"],
];
const TEXTURES = ["", "•", "×", "○", "+", "*"]; // beside a node's name, as the hatching in style.py

// --- The trace -----------------------------------------------------------------------------------------------------

function numbers(Kind, view) {
  // The bytes need not lie on a multiple of eight: copy them to where they do.
  return new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function runningMax(values) {
  let top = -Infinity;
  return Float64Array.from(values, (value) => (top = Math.max(top, value)));
}

function unpack(raw) {
  const arrival = numbers(Float64Array, raw.arrival_s);
  const start = numbers(Float64Array, raw.start_s);
  const end = numbers(Float64Array, raw.end_s);
  const node = numbers(Int32Array, raw.node);
  const ok = raw.ok && numbers(Uint8Array, raw.ok);
  // What a request's entry follows, where it was moved from one node to another; -1: it comes from its client.
  const origin = raw.origin ? numbers(Int32Array, raw.origin) : new Int32Array(node.length).fill(-1);
  const first = Int32Array.from(node.keys()).filter((i) => origin[i] < 0);
  const hops = [...node.keys()].filter((i) => origin[i] >= 0).map((i) => ({ i, from: origin[i], left: end[origin[i]] }));
  const gone = new Set(hops.map((hop) => hop.from));
  // Requests that leave a node at the same moment start side by side, as they stood there.
  const beside = new Map();
  for (const hop of hops) {
    const crowd = `${node[hop.from]} ${hop.left}`;
    hop.place = beside.get(crowd) || 0;
    beside.set(crowd, hop.place + 1);
  }
  const trace = {
    arrival, start, end, node, first, hops, gone, moved: new Set(hops.map((hop) => hop.i)),
    names: raw.nodes, speeds: raw.speeds, travel: raw.travel_s, digits: raw.digits, duration: raw.duration_s,
    name: raw.name, colours: raw.colours, groupNames: raw.group_names,
    group: raw.group && numbers(Int32Array, raw.group),
    ok,
    arrivals: Float64Array.from(first, (i) => arrival[i]),
    sent: Float64Array.from(first, (i) => arrival[i] - raw.travel_s), // in order, as the arrivals are
    leaves: Float64Array.from(hops, (hop) => hop.left).sort(),
    noticed: raw.noticed, events: raw.events,
    at: raw.nodes.map((_, k) => {
      const mine = Int32Array.from(node.keys()).filter((i) => node[i] === k);
      const of = (column) => Float64Array.from(mine, (i) => column[i]);
      const failed = ok ? mine.filter((i) => !ok[i] && !gone.has(i)) : [];
      return {
        mine, arrivals: of(arrival), starts: of(start).sort(), ends: of(end).sort(),
        startedUpTo: runningMax(of(start)), endedUpTo: runningMax(of(end)),
        failures: Float64Array.from(failed, (i) => end[i]).sort(),
        events: raw.events.filter((event) => event[1] === k),
        noticed: raw.noticed && raw.noticed.filter((event) => event[1] === k),
      };
    }),
  };
  const refused = [...node.keys()].filter((i) => node[i] < 0);
  trace.refusals = Float64Array.from(refused, (i) => arrival[i] - raw.travel_s / 2).sort();
  const steps = [...node.keys()].map((i) => (node[i] < 0 ? arrival[i] - raw.travel_s / 2 : arrival[i]));
  const news = raw.noticed ? [...raw.events, ...raw.noticed].map((event) => event[0]) : [];
  trace.steps = Float64Array.from(new Set([0, ...steps, ...news, raw.duration_s])).sort();
  trace.failures = Float64Array.from(trace.at.flatMap((one) => [...one.failures])).sort();
  trace.busiest = Math.max(...trace.at.map((one) => one.mine.length), 1);
  // All queues are drawn to one scale: the longest there is, and no less than five.
  trace.longest = 5;
  for (const one of trace.at) {
    one.arrivals.forEach((t, i) => { trace.longest = Math.max(trace.longest, i + 1 - upTo(one.starts, t)); });
  }
  // The more requests are under way at one time, the smaller their dots.
  let most = 0;
  trace.sent.forEach((t, i) => { most = Math.max(most, i + 1 - upTo(trace.arrivals, t)); });
  trace.dot = most > 300 ? 3 : most > 80 ? 4 : 5.5;
  return trace;
}

// How many values of a sorted array are at most t.
function upTo(sorted, t) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Whether a node is up after the events up to t, or taken to be.
function stateOf(events, t) {
  let up = true;
  for (const [when, , is] of events) if (when <= t) up = is;
  return up;
}

// The counts at a moment, as `moment` in trace.py has them.
function moment(trace, t) {
  const sent = upTo(trace.sent, t);
  const moved = upTo(trace.leaves, t);
  const refused = upTo(trace.refusals, t);
  const shares = trace.at.map((one) => upTo(one.arrivals, t));
  const started = trace.at.map((one) => upTo(one.starts, t));
  const ended = trace.at.map((one) => upTo(one.ends, t));
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  return {
    sent, moved, refused, shares, onWay: sent + moved - refused - sum(shares),
    waiting: shares.map((count, k) => count - started[k]),
    done: sum(ended) - moved, failed: upTo(trace.failures, t),
    up: trace.at.map((one) => stateOf(one.events, t)),
    trusted: trace.at.map((one) => stateOf(one.noticed || one.events, t)),
  };
}

function clock(trace, t) {
  const scale = 10 ** trace.digits;
  return `${(Math.floor(t * scale + 0.5) / scale).toFixed(trace.digits)} s`;
}

// The words for a moment, the same as `sentence` in trace.py.
function sentence(trace, t) {
  const now = moment(trace, t);
  const total = trace.first.length;
  const names = trace.names;
  const is = (count) => (count === 1 ? "is" : "are");
  const many = (count) => count.toLocaleString("en-US");
  const over = now.done + now.refused === total;
  let head;
  if (total && over) head = total > 1 ? "all requests are done" : "the request is done";
  else if (total && now.sent === total) head = total > 1 ? `all ${many(total)} requests have been sent` : "the request has been sent";
  else head = `${many(now.sent)} of ${many(total)} requests ${now.sent === 1 ? "has" : "have"} been sent`;
  if (now.onWay) head += `, ${many(now.onWay)} ${is(now.onWay)} on the way`;
  const parts = [head];
  const busy = [...names.keys()].filter((k) => now.waiting[k]);
  if (busy.length > 3) {
    const most = Math.max(...now.waiting);
    const all = now.waiting.reduce((a, b) => a + b, 0);
    parts.push(`${many(all)} are waiting at ${busy.length} nodes, most at ${names[now.waiting.indexOf(most)]} (${most})`);
  } else if (busy.length) parts.push(busy.map((k) => `${names[k]} has ${now.waiting[k]} waiting`).join(", "));
  else if (!over) parts.push("none is waiting");
  for (const [up, trusted, one, several] of STATES) {
    const those = names.filter((_, k) => now.up[k] === up && now.trusted[k] === trusted);
    if (those.length > 3) parts.push(`${those.length} nodes are ${several}`);
    else if (those.length) parts.push(`${those.join(", ")} ${is(those.length)} ${those.length > 1 ? several : one}`);
  }
  if (now.moved) parts.push(`${many(now.moved)} moved to another node`);
  if (now.refused) parts.push(`${many(now.refused)} refused`);
  if (now.failed) parts.push(`${many(now.failed)} failed`);
  const low = Math.min(...now.shares);
  const high = Math.max(...now.shares);
  parts.push(`${names.length === 1 ? "share" : "shares"} ${names.length <= MOST_LISTED ? now.shares.join(", ")
    : `from ${low} (${names[now.shares.indexOf(low)]}) to ${high} (${names[now.shares.indexOf(high)]})`}`);
  return `${clock(trace, t)}: ${parts.join("; ")}.`;
}

// --- The picture ---------------------------------------------------------------------------------------------------

function brightness(colour) {
  const [r, g, b] = colour.startsWith("#")
    ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16))
    : (colour.match(/[\d.]+/g) || [0, 0, 0]).slice(0, 3).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

// Colours and font as the theme has them now.
function lookOf(root) {
  const style = getComputedStyle(root);
  return { ink: style.color, paper: style.backgroundColor, font: style.fontFamily };
}

function layout(trace, width) {
  const n = trace.names.length;
  const columns = n <= 12 ? 1 : Math.ceil(n / (n <= 72 ? 12 : 16));
  const rows = Math.ceil(n / columns);
  const [tall, gap] = columns > 1 ? [34, 5] : n <= 3 ? [64, 14] : n <= 6 ? [54, 10] : n <= 8 ? [48, 8] : [42, 6];
  const head = 28;
  const foot = trace.noticed ? 46 : trace.group ? 26 : 6;
  const body = Math.max(190, rows * (tall + gap) - gap);
  const height = head + body + foot;
  const middle = head + body / 2;
  const left = columns > 1 ? Math.max(190, width * 0.32) : Math.max(width * 0.54, width - 400);
  const cell = (width - left - 2 + gap) / columns;
  const top = middle - (rows * (tall + gap) - gap) / 2;
  const boxes = trace.names.map((_, k) => ({
    x: left + Math.floor(k / rows) * cell, y: top + (k % rows) * (tall + gap), w: cell - gap, h: tall,
  }));
  const far = Math.min(34, body / CLIENTS);
  const clients = [...Array(CLIENTS).keys()].map((k) => ({ x: 28, y: middle + (k - (CLIENTS - 1) / 2) * far * 1.3 }));
  const wide = Math.min(116, Math.max(84, width * 0.15));
  const balancer = { x: Math.max(64, 28 + (left - 28) * 0.5 - wide / 2), y: middle - 38, w: wide, h: 76 };
  return { width, height, boxes, clients, balancer, columns, left, middle, head };
}

// Where on its way a request is: a curve that leaves and arrives level.
function along(u, x0, y0, x1, y1) {
  const v = 1 - u;
  const a = v * v * (v + 3 * u); // the weight of the start's height
  const xm = (x0 + x1) / 2;
  return [v * v * v * x0 + 3 * v * u * xm + u * u * u * x1, a * y0 + (1 - a) * y1];
}

function wrap(pen, text, width) {
  const words = text.match(/[A-Z]+(?![a-z])|[A-Z]?[^A-Z\s_]+/g) || [text];
  const lines = [""];
  words.forEach((word, i) => {
    const joined = lines[lines.length - 1] + (i && /\s/.test(text) ? " " : "") + word;
    if (i && pen.measureText(joined).width > width) lines.push(word);
    else lines[lines.length - 1] = joined;
  });
  return lines.slice(0, 4);
}

function painter(trace, canvas) {
  const pen = canvas.getContext("2d", { alpha: false });
  let look = { ink: "", paper: "", font: "" };
  let sprites = new Map();
  let scale = 0;

  const colourOf = (k) => trace.colours[k % trace.colours.length];
  const ringed = (k) => k >= trace.colours.length;

  // A dot is drawn once for each colour and size, and then copied: a frame may have eight hundred.
  function sprite(colour, radius, ring, crossed, moved = false) {
    const key = `${colour}|${radius}|${ring}|${crossed}|${moved}`;
    let made = sprites.get(key);
    if (made) return made;
    const half = radius * (moved ? 1.45 : 1) + 1.5;
    const picture = document.createElement("canvas");
    picture.width = picture.height = Math.ceil(half * 2 * scale);
    const c = picture.getContext("2d");
    c.scale(picture.width / (half * 2), picture.width / (half * 2));
    c.translate(half, half);
    if (crossed) {
      c.strokeStyle = colour;
      c.lineWidth = Math.max(1.8, radius / 2.4);
      c.beginPath();
      c.moveTo(-radius * 0.8, -radius * 0.8);
      c.lineTo(radius * 0.8, radius * 0.8);
      c.moveTo(radius * 0.8, -radius * 0.8);
      c.lineTo(-radius * 0.8, radius * 0.8);
      c.stroke();
    } else {
      c.beginPath();
      if (moved) {
        const corner = radius * 1.45;
        for (const [x, y] of [[0, -corner], [corner, 0], [0, corner], [-corner, 0]]) c.lineTo(x, y);
        c.closePath();
      } else c.arc(0, 0, radius, 0, 7);
      c.fillStyle = colour;
      c.fill();
      c.globalAlpha = 0.6;
      c.strokeStyle = look.ink;
      c.lineWidth = 0.8;
      c.stroke();
      c.globalAlpha = 1;
      if (ring) {
        c.beginPath();
        c.arc(0, 0, radius * 0.48, 0, 7);
        c.fillStyle = look.paper;
        c.fill();
      }
    }
    made = { picture, half };
    sprites.set(key, made);
    return made;
  }

  function stamp(x, y, made) {
    pen.drawImage(made.picture, x - made.half, y - made.half, made.half * 2, made.half * 2);
  }

  function markOf(i, radius, picked) {
    if (trace.ok && !trace.ok[i] && picked === "served") return sprite(look.ink, radius, false, true);
    if (trace.group) {
      const g = trace.group[i];
      return g < 0 ? sprite(GREY, radius, false, false) : sprite(colourOf(g), radius, ringed(g), false);
    }
    const k = trace.node[i];
    const moved = trace.moved.has(i); // a diamond from then on
    return picked ? sprite(colourOf(k), radius, ringed(k), false, moved) : sprite(NEUTRAL, radius, false, false, moved);
  }

  function font(size, bold) {
    pen.font = `${bold ? "600 " : ""}${size}px ${look.font}`;
  }

  function write(text, x, y, { align = "left", size = 14, bold = false, pale = false } = {}) {
    font(size, bold);
    pen.textAlign = align;
    pen.fillStyle = look.ink;
    pen.globalAlpha = pale ? 0.76 : 1;
    pen.fillText(text, x, y);
    pen.globalAlpha = 1;
  }

  function box(x, y, w, h, alpha = 0.5) {
    pen.beginPath();
    pen.roundRect(x, y, w, h, 5);
    pen.fillStyle = look.paper;
    pen.fill();
    pen.globalAlpha = alpha;
    pen.strokeStyle = look.ink;
    pen.lineWidth = 1;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  function paths(place, now) {
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
    const open = (k) => !trace.noticed || now.trusted[k];
    if (place.columns === 1) place.boxes.forEach((one, k) => { if (open(k)) curve(b.x + b.w / 2, middle, one.x, one.y + one.h / 2); });
    pen.stroke();
    pen.globalAlpha = 1;
  }

  function travellers(place, t) {
    const { balancer: b, middle } = place;
    const bx = b.x + b.w / 2;
    if (!trace.travel) return;
    const cross = sprite(GREY, Math.max(4.5, trace.dot), false, true);
    for (let j = upTo(trace.arrivals, t), last = upTo(trace.sent, t); j < last; j++) {
      const i = trace.first[j];
      const u = Math.max(0, (t - trace.sent[j]) / trace.travel) * 2;
      const k = trace.node[i];
      if (u < 1) {
        // Not in turns: with as many nodes as clients, each client would seem to have a node of its own.
        const client = place.clients[(Math.imul(i + 1, 0x9e3779b1) >>> 24) % CLIENTS];
        stamp(...along(u, client.x, client.y, bx, middle), markOf(i, trace.dot, false));
      } else if (k >= 0) {
        const to = place.boxes[k];
        stamp(...along(u - 1, bx, middle, to.x, to.y + to.h / 2), markOf(i, trace.dot, true));
      } else if (u < 2) {
        fall(place, u - 1, cross);
      }
    }
    // From a node back to the balancer, and on to another.
    for (const { i, from, left, place: row } of trace.hops) {
      if (t < left || t >= trace.arrival[i]) continue;
      const u = (2 * (t - left)) / (trace.arrival[i] - left);
      const [out, to] = [place.boxes[trace.node[from]], place.boxes[trace.node[i]]];
      const stood = out.x + Math.min(out.w * 0.7, 3 * trace.dot * (row + 1));
      if (u < 1) stamp(...along(u, stood, out.y + out.h / 2, bx, middle), sprite(NEUTRAL, trace.dot, false, false, true));
      else stamp(...along(u - 1, bx, middle, to.x, to.y + to.h / 2), markOf(i, trace.dot, true));
    }
    // Failed for good: the balancer drops it, as what it refuses.
    if (!trace.noticed) return;
    for (let j = upTo(trace.failures, t - trace.travel / 2), last = upTo(trace.failures, t); j < last; j++) {
      fall(place, (2 * (t - trace.failures[j])) / trace.travel, cross);
    }
  }

  function fall(place, u, cross) {
    const b = place.balancer;
    pen.globalAlpha = Math.min(1, 1.4 - u);
    stamp(b.x + b.w / 2, b.y + b.h + u * (place.height - b.y - b.h - 30), cross);
    pen.globalAlpha = 1;
  }

  function people(place) {
    for (const { x, y } of place.clients) {
      box(x - 15, y - 11, 30, 19, 0.6);
      pen.globalAlpha = 0.6;
      pen.fillStyle = look.ink;
      pen.fillRect(x - 8, y + 10.5, 16, 2);
      pen.globalAlpha = 1;
    }
    write("clients", 4, 16, { pale: true });
  }

  function theBalancer(place, now) {
    const b = place.balancer;
    box(b.x, b.y, b.w, b.h, 0.8);
    font(14, true);
    const lines = wrap(pen, trace.name, b.w - 12);
    lines.forEach((line, i) => {
      write(line, b.x + b.w / 2, place.middle + 5 + (i - (lines.length - 1) / 2) * 17, { align: "center", bold: true });
    });
    write("balancer", b.x + b.w / 2, 16, { align: "center", pale: true });
    const words = [];
    if (now.refused) words.push(`${now.refused} refused`);
    if (trace.noticed && now.moved) words.push(`${now.moved} moved`);
    if (trace.noticed && now.failed) words.push(`${now.failed} failed`);
    words.forEach((text, i) => write(text, b.x + b.w / 2, b.y + b.h + 18 + 18 * i, { align: "center" }));
  }

  function stripe(k, one, wide, up) {
    pen.save();
    pen.beginPath();
    pen.roundRect(one.x, one.y, wide + 5, one.h, 5);
    pen.clip();
    pen.beginPath();
    pen.rect(one.x, one.y, wide, one.h);
    pen.fillStyle = up ? colourOf(k) : GREY;
    pen.fill();
    const texture = TEXTURES[Math.floor(k / trace.colours.length) % TEXTURES.length];
    if (texture && up) {
      pen.clip();
      font(12, true);
      pen.textAlign = "center";
      pen.fillStyle = brightness(colourOf(k)) > 110 ? "black" : "white";
      for (let y = one.y + 8; y < one.y + one.h + 8; y += 8) pen.fillText(texture, one.x + wide / 2, y);
    }
    pen.restore();
  }

  function crossOut(one) {
    pen.beginPath();
    pen.roundRect(one.x, one.y, one.w, one.h, 5);
    pen.save();
    pen.clip();
    pen.globalAlpha = 0.14;
    pen.fillStyle = look.ink;
    pen.fill();
    pen.globalAlpha = 0.45;
    pen.strokeStyle = look.ink;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(one.x, one.y);
    pen.lineTo(one.x + one.w, one.y + one.h);
    pen.moveTo(one.x + one.w, one.y);
    pen.lineTo(one.x, one.y + one.h);
    pen.stroke();
    pen.restore();
  }

  // The queue packs against the place where requests are served, and grows from there towards the entrance.
  function queue(k, x, w, y, h, waiting, up) {
    const length = (w * waiting) / trace.longest;
    if (!length) return;
    const own = colourOf(k);
    // A pale tint of black would not be seen on a dark page, nor one of yellow on a light one.
    const near = Math.abs(brightness(own) - brightness(look.paper)) < 60;
    pen.globalAlpha = near && brightness(own) > 60 ? 0.7 : 0.35;
    pen.fillStyle = !up ? GREY : near && brightness(own) < 60 ? look.ink : own;
    pen.fillRect(x + w - length, y, length, h);
    pen.globalAlpha = 0.7;
    pen.fillStyle = look.ink;
    pen.fillRect(x + w - length, y, 1, h);
    pen.globalAlpha = 1;
  }

  function aNode(place, k, t, now) {
    const one = place.boxes[k];
    const at = trace.at[k];
    const small = place.columns > 1;
    const up = now.up[k];
    const waiting = now.waiting[k];
    const wide = small ? 8 : 12;
    box(one.x, one.y, one.w, one.h);
    if (!up) crossOut(one);
    stripe(k, one, wide, up);

    const size = small ? 12 : 14;
    const digits = String(trace.busiest).length;
    const shareSize = small ? 13 : one.h >= 54 ? 22 : 18;
    const share = small ? 8 + digits * 8 : 26 + digits * shareSize * 0.58;
    write(String(now.shares[k]), one.x + one.w - (small ? 5 : 10), one.y + (small ? 14 : one.h / 2 + shareSize * 0.36),
      { align: "right", size: shareSize, bold: true });

    const x = one.x + wide + (small ? 4 : 9);
    const right = one.x + one.w - (small ? 5 : share);
    const radius = Math.min(4, trace.dot);
    const slot = small ? 4 : Math.min(8, one.h / 7);
    const lane = small ? 9 : Math.min(20, one.h * 0.34);
    const y = one.y + one.h - lane - (small ? 4 : one.h >= 54 ? 8 : 5);
    const end = right - slot * 2 - (small ? 2 : 8); // of the queue; then comes the place of service
    const nameY = small ? one.y + 14 : y - (one.h >= 54 ? 9 : 6);

    let words = up ? (waiting ? `${waiting} waiting` : "") : "down";
    font(size, true);
    const named = pen.measureText(trace.names[k]).width;
    font(13);
    if (trace.noticed && !(up && now.trusted[k])) {
      const long = up ? "counts as down" : now.trusted[k] ? "down, not noticed" : "down, noticed";
      // Where there is no room for all of it, the line below the picture says when it was noticed.
      words = named + pen.measureText(long).width + 10 <= right - x ? long : words;
    }
    if (small) words = "";
    const wordsWide = words ? pen.measureText(words).width + 10 : 0;
    const room = (small ? one.x + one.w - share : right) - x - wordsWide;
    font(size, true);
    const speed = !small && trace.speeds[k] !== 1 ? ` · speed ${Number(trace.speeds[k].toPrecision(3))}` : "";
    const prefix = trace.prefix;
    const fits = [trace.names[k] + speed, trace.names[k], trace.names[k].slice(prefix)].find((text) => pen.measureText(text).width <= room);
    let name = fits ?? trace.names[k].slice(prefix);
    while (fits === undefined && name.length > 2 && pen.measureText(`${name}…`).width > room) name = name.slice(0, -1);
    write(fits === undefined ? `${name}…` : name, x, nameY, { size, bold: true });
    if (words) write(words, right, nameY, { align: "right", size: 13 });

    // The track of the queue, what waits in it, and the place of service.
    pen.globalAlpha = 0.09;
    pen.fillStyle = look.ink;
    pen.fillRect(x, y, end - x, lane);
    pen.globalAlpha = 1;
    queue(k, x, end - x, y, lane, waiting, up);
    if (!small && waiting) {
      const pace = (end - x) / trace.longest;
      for (let j = upTo(at.startedUpTo, t), place = 0; j < now.shares[k]; j++) {
        const i = at.mine[j];
        if (trace.start[i] <= t) continue;
        stamp(Math.max(x + radius, end - pace * (place + 0.5)), y + lane / 2, markOf(i, Math.min(radius, lane / 2 - 1), true));
        place++;
      }
    }
    const sx = right - slot - (small ? 0 : 1);
    const sy = y + lane / 2;
    pen.globalAlpha = 0.35;
    pen.strokeStyle = look.ink;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.arc(sx, sy, slot, 0, 7);
    pen.stroke();
    pen.globalAlpha = 1;
    for (let j = upTo(at.endedUpTo, t); j < now.shares[k]; j++) {
      const i = at.mine[j];
      if (trace.start[i] > t || trace.end[i] <= t) continue;
      if (!small && !trace.gone.has(i)) {
        pen.strokeStyle = look.ink;
        pen.lineWidth = 2;
        pen.beginPath();
        const turn = (t - trace.start[i]) / (trace.end[i] - trace.start[i]);
        pen.arc(sx, sy, slot, -Math.PI / 2, -Math.PI / 2 + turn * 2 * Math.PI);
        pen.stroke();
      }
      stamp(sx, sy, markOf(i, small ? 3 : Math.min(4.5, slot - 2), "served"));
      break;
    }
  }

  // Which key has which colour, as far as there is room.
  function legend(place) {
    if (!trace.group) return;
    const y = place.height - 7;
    write("key:", 4, y, { size: 13, pale: true });
    let x = 36;
    const entries = trace.groupNames.map((name, g) => [name.length > 14 ? `${name.slice(0, 13)}…` : name, g]);
    const others = trace.group.indexOf(-1) >= 0;
    font(13);
    for (const [name, g] of entries) {
      const wide = pen.measureText(name).width + 28;
      if (x + wide > place.width - 84) {
        write("…", x, y, { size: 13 });
        x += 20;
        break;
      }
      stamp(x + 5, y - 4, sprite(colourOf(g), 5, ringed(g), false));
      write(name, x + 14, y, { size: 13 });
      x += wide;
    }
    if (others) {
      stamp(x + 5, y - 4, sprite(GREY, 5, false, false));
      write("others", x + 14, y, { size: 13 });
    }
  }

  // When nodes went down and came back, and between which times the balancer had not noticed.
  function news(place, t) {
    const [left, right, y] = [6, place.width - 6, place.height - 10];
    const x = (time) => left + ((right - left) * time) / trace.duration;
    pen.fillStyle = look.ink;
    pen.globalAlpha = 0.14;
    pen.fillRect(left, y - 3, right - left, 6);
    for (const k of trace.names.keys()) {
      for (const [from, , up] of trace.at[k].events) {
        if (up) continue;
        const end = trace.at[k].noticed.find((event) => event[0] >= from && !event[2]);
        const back = trace.at[k].events.find((event) => event[0] >= from && event[2]);
        const until = Math.min(end ? end[0] : trace.duration, back ? back[0] : trace.duration);
        pen.globalAlpha = 1;
        pen.fillStyle = "#D55E00";
        pen.fillRect(x(from), y - 6, x(until) - x(from), 12);
      }
    }
    pen.globalAlpha = 1;
    const all = [...trace.events.map((event) => [...event, "dies", "back"]), ...trace.noticed.map((event) => [...event, "noticed", "trusted"])];
    const one = new Set(all.map((event) => event[1])).size === 1;
    let free = 0;
    for (const [time, k, up, down, again] of all.sort((a, b) => a[0] - b[0])) {
      const text = `${one ? "" : `${trace.names[k]} `}${up ? again : down}`;
      pen.fillStyle = look.ink;
      pen.fillRect(x(time) - 0.75, y - 9, 1.5, 18);
      font(13);
      const wide = pen.measureText(text).width;
      const at = Math.min(Math.max(x(time) - wide / 2, free), place.width - wide - 2);
      if (at < free) continue; // no room for it: the sentence says it too
      write(text, at, y - 14, { size: 13 });
      free = at + wide + 8;
    }
    pen.beginPath();
    pen.arc(x(t), y, 5, 0, 7);
    pen.fillStyle = look.ink;
    pen.fill();
  }

  return (place, t, theme) => {
    const ratio = window.devicePixelRatio || 1;
    const wide = Math.round(place.width * ratio);
    const high = Math.round(place.height * ratio);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
      canvas.style.height = `${place.height}px`;
    }
    if (ratio !== scale || theme.ink !== look.ink || theme.paper !== look.paper) sprites = new Map();
    scale = ratio;
    look = theme;
    const now = moment(trace, t);
    pen.setTransform(wide / place.width, 0, 0, high / place.height, 0, 0);
    pen.fillStyle = look.paper;
    pen.fillRect(0, 0, place.width, place.height);
    pen.textBaseline = "alphabetic";
    paths(place, now);
    const nodes = () => { for (const k of trace.names.keys()) aNode(place, k, t, now); };
    // Where boxes stand behind boxes, requests fly over them; else they go in at the side.
    if (place.columns > 1) nodes();
    travellers(place, t);
    people(place);
    theBalancer(place, now);
    if (place.columns === 1) nodes();
    write(place.columns > 1 ? "nodes: their shares and queues" : "nodes and their queues", place.left, 16, { pale: true });
    if (place.columns === 1) write("share", place.width - 4, 16, { align: "right", pale: true });
    legend(place);
    if (trace.noticed) news(place, t);
  };
}

// --- The controls --------------------------------------------------------------------------------------------------

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

function build(model, root) {
  const raw = model.get("_trace");
  const message = model.get("message");
  if (message || !raw?.nodes?.length) {
    root.append(element("p", "lbcore-player-text", message || "There is no traffic to play."));
    return () => {};
  }
  const trace = unpack(raw);
  trace.prefix = sharedPrefix(trace.names);
  const gone = new AbortController();
  const on = (target, name, handler) => target.addEventListener(name, handler, { signal: gone.signal });

  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `Traffic player, ${trace.name}`);
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
  speeds.value = SPEEDS.includes(model.get("speed")) ? model.get("speed") : 1;
  pace.append(speeds);
  const canvas = element("canvas", "lbcore-player-canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", model.get("summary"));
  const line = element("div", "lbcore-player-line");
  const name = element("label", "lbcore-player-label", "Time ");
  const range = control("input", "lbcore-player-range");
  range.type = "range";
  range.min = 0;
  range.max = trace.duration;
  range.step = 1 / 10 ** trace.digits;
  const clockText = element("span", "lbcore-player-clock");
  clockText.setAttribute("aria-hidden", "true"); // the range says it too
  const text = element("p", "lbcore-player-text");
  const code = element("p", "lbcore-player-code");
  if (model.get("reproduce")) code.append("Reproduce: ", element("code", "", model.get("reproduce")));
  bar.append(play, restart, back, next, pace);
  name.append(range);
  line.append(name, clockText);
  root.append(bar, canvas, line, text);
  if (model.get("reproduce")) root.append(code);

  const paint = painter(trace, canvas);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let place = null;
  let time = 0; // seconds of the trace
  let wall = 0; // seconds since play was pressed
  let playing = false;
  let visible = false;
  let touched = false; // by the user: from then on nothing starts by itself
  let frame = 0;
  let before = null;

  function draw() {
    if (!place) return;
    try {
      paint(place, time, lookOf(root));
    } catch (error) {
      stop();
      sorry(root, error);
    }
  }

  function stop() {
    playing = false;
    place = null;
    halt();
    if (asked) cancelAnimationFrame(asked);
    clearTimeout(late);
    for (const observer of [sizes, sights, themes]) observer.disconnect();
    gone.abort();
  }

  function tell(force) {
    const now = clock(trace, time);
    range.value = time;
    if (force || range.getAttribute("aria-valuetext") !== now) {
      range.setAttribute("aria-valuetext", now);
      clockText.textContent = `${now} of ${clock(trace, trace.duration)}`;
    }
    // Words that change sixty times a second cannot be read.
    if (force || !(performance.now() - tell.last < 120)) {
      tell.last = performance.now();
      const words = sentence(trace, time);
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
  on(next, "click", () => go(trace.steps[Math.min(trace.steps.length - 1, upTo(trace.steps, time))]));
  on(back, "click", () => {
    let i = upTo(trace.steps, time) - 1;
    if (i > 0 && trace.steps[i] === time) i--;
    go(trace.steps[Math.max(0, i)]);
  });
  on(range, "input", () => go(Number(range.value)));
  on(calm, "change", () => { if (calm.matches && playing) set(false); });
  // Keys meant for a control are not the notebook's.
  on(root, "keydown", (event) => event.stopPropagation());

  let asked = 0;
  function measure() {
    asked = 0;
    const width = Math.floor(canvas.parentElement.clientWidth);
    if (!width || (place && place.width === width)) return;
    place = layout(trace, Math.max(420, width));
    draw();
  }
  // A frame later: a canvas that changes its height inside the observer makes the browser complain of a loop.
  const sizes = new ResizeObserver(() => { asked ||= requestAnimationFrame(measure); });
  sizes.observe(root);
  const sights = new IntersectionObserver((entries) => {
    visible = entries[entries.length - 1].isIntersecting;
    if (!visible) return halt();
    if (model.get("autoplay") && !touched && !calm.matches && !playing && time === 0) {
      touched = true;
      return set(true);
    }
    draw();
    run();
  }, { threshold: 0.15 });
  sights.observe(canvas);
  let late = 0;
  const themes = new MutationObserver(() => {
    draw();
    clearTimeout(late);
    late = setTimeout(draw, 400); // the style sheet of the theme may come after its name
  });
  themes.observe(document.body, { attributeFilter: ["class", "style", "data-jp-theme-name", "data-jp-theme-light"] });
  on(window.matchMedia("(prefers-color-scheme: dark)"), "change", draw);

  set(false);
  return stop;
}

function sorry(root, error) {
  root.replaceChildren(element("p", "lbcore-player-text", `This traffic cannot be shown: ${error.message}.`));
}

function render({ model, el }) {
  let clean = () => {};
  const show = () => {
    clean();
    const root = element("div", "lbcore-player");
    el.replaceChildren(root);
    try {
      clean = build(model, root);
    } catch (error) {
      clean = () => {};
      sorry(root, error);
    }
  };
  const names = ["change:_trace", "change:message"];
  show();
  for (const name of names) model.on(name, show);
  return () => {
    for (const name of names) model.off(name, show);
    clean();
  };
}

export default { render };
