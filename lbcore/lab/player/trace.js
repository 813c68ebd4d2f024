// Part of the traffic player (play.py joins the parts into one module): the trace, unpacked, and the counts at a moment.
//
// Everything shown is a function of the trace and of one number, the time. A frame keeps no state for the next one, so
// the trace can be played at any speed and scrubbed, and nothing is asked of the kernel after the trace has come.

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
    noticed: raw.noticed, events: raw.events, members: raw.members, there: raw.there, movedKeys: raw.moved_keys,
    keys: raw.keys,
    looks: raw.looks_s && numbers(Float64Array, raw.looks_s),
    hungUp: raw.hung_up_s && numbers(Float64Array, raw.hung_up_s), // NaN: its client stays
    late: raw.late_s && numbers(Float64Array, raw.late_s), // when requests become late, in order
    limit: raw.limit_s, // so long after they were sent
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
        members: raw.members.filter((event) => event[1] === k),
      };
    }),
  };
  const refused = [...node.keys()].filter((i) => node[i] < 0);
  trace.refusals = Float64Array.from(refused, (i) => arrival[i] - raw.travel_s / 2).sort();
  const steps = [...node.keys()].map((i) => (node[i] < 0 ? arrival[i] - raw.travel_s / 2 : arrival[i]));
  trace.gone_s = trace.hungUp ? trace.hungUp.filter((when) => !Number.isNaN(when)).sort() : new Float64Array();
  trace.news = !!(raw.noticed || raw.members.length || trace.looks || trace.hungUp);
  const news = [...(raw.noticed ? [...raw.events, ...raw.noticed] : []), ...raw.members].map((event) => event[0]);
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
function stateOf(events, t, first = true) {
  let up = first;
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
    there: trace.at.map((one, k) => stateOf(one.members, t, trace.there[k])),
    late: trace.late ? upTo(trace.late, t) : 0, gone: upTo(trace.gone_s, t),
  };
}
