// Part of the traffic player (play.py joins the parts into one module): where everything stands.

const CLIENTS = 4;

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
  const foot = (trace.news ? 44 : 0) + (trace.group ? 24 : 0) + 6;
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
  const wide = Math.min(116, Math.max(106, width * 0.15));
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
