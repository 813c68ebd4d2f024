// Part of the traffic player (play.py joins the parts into one module): the words for a moment.

const MOST_LISTED = 12; // up to here the sentence lists every node's share, as in words.py
// What is said of a node that is not up, or not taken to be: as in words.py.
const STATES = [
  [false, true, "down, not noticed yet", "down, not noticed yet"],
  [false, false, "down", "down"],
  [true, false, "up, but counts as down", "up, but count as down"],
];

function clock(trace, t) {
  const scale = 10 ** trace.digits;
  return `${(Math.floor(t * scale + 0.5) / scale).toFixed(trace.digits)} s`;
}

// The words for a moment without its time, the same as `said` in words.py.
function said(trace, t) {
  const now = moment(trace, t);
  const total = trace.first.length;
  const names = trace.names;
  const is = (count) => (count === 1 ? "is" : "are");
  const many = (count) => count.toLocaleString("en-US");
  const over = now.done + now.refused === total;
  let head;
  const well = now.failed || now.refused ? ["have ended", "has ended"] : ["are done", "is done"];
  if (total && over) head = total > 1 ? `all requests ${well[0]}` : `the request ${well[1]}`;
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
  const tell = (those, one, several) => {
    if (those.length > 3) parts.push(`${those.length} nodes are ${several}`);
    else if (those.length) parts.push(`${those.join(", ")} ${is(those.length)} ${those.length > 1 ? several : one}`);
  };
  for (const [up, trusted, one, several] of STATES) {
    tell(names.filter((_, k) => now.there[k] && now.up[k] === up && now.trusted[k] === trusted), one, several);
  }
  tell(names.filter((_, k) => !now.there[k]), "not there", "not there");
  if (now.moved) parts.push(`${many(now.moved)} moved to another node`);
  if (now.refused) parts.push(`${many(now.refused)} refused`);
  if (now.failed) parts.push(`${many(now.failed)} failed`);
  if (now.gone) parts.push(`${many(now.gone)} given up by ${now.gone === 1 ? "its client" : "their clients"}`);
  if (trace.late) parts.push(`${many(now.late)} late (not done after ${Number(trace.limit.toPrecision(2))} s)`);
  const low = Math.min(...now.shares);
  const high = Math.max(...now.shares);
  parts.push(`${names.length === 1 ? "share" : "shares"} ${names.length <= MOST_LISTED ? now.shares.join(", ")
    : `from ${low} (${names[now.shares.indexOf(low)]}) to ${high} (${names[now.shares.indexOf(high)]})`}`);
  return parts.join("; ");
}

// The words for a moment of all traces: as `sentence` in words.py, or `text_at` in race.py.
function sentence(traces, t) {
  if (traces.length === 1) return `${clock(traces[0], t)}: ${said(traces[0], t)}.`;
  const longest = traces.reduce((a, b) => (b.duration > a.duration ? b : a));
  return `${clock(longest, t)}. ${traces.map((trace) => `${trace.name}: ${said(trace, t)}.`).join(" ")}`;
}
