// Part of the traffic player (play.py joins the parts into one module): the nodes and their queues.

const TEXTURES = ["", "•", "×", "○", "+", "*"]; // beside a node's name, as the hatching in style.py

function stripe(brush, k, one, wide, up) {
  const { pen, trace } = brush;
  pen.save();
  pen.beginPath();
  pen.roundRect(one.x, one.y, wide + 5, one.h, 5);
  pen.clip();
  pen.beginPath();
  pen.rect(one.x, one.y, wide, one.h);
  pen.fillStyle = up ? brush.colourOf(k) : GREY;
  pen.fill();
  const texture = TEXTURES[Math.floor(k / trace.colours.length) % TEXTURES.length];
  if (texture && up) {
    pen.clip();
    brush.font(12, true);
    pen.textAlign = "center";
    pen.fillStyle = brightness(brush.colourOf(k)) > 110 ? "black" : "white";
    for (let y = one.y + 8; y < one.y + one.h + 8; y += 8) pen.fillText(texture, one.x + wide / 2, y);
  }
  pen.restore();
}

function crossOut({ pen, look }, one) {
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
function queue(brush, k, x, w, y, h, waiting, up) {
  const { pen, look, trace } = brush;
  const length = (w * waiting) / trace.longest;
  if (!length) return;
  const own = brush.colourOf(k);
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

function aNode(brush, place, k, now) {
  const { pen, trace, look, time: t } = brush;
  const one = place.boxes[k];
  const at = trace.at[k];
  const small = place.columns > 1;
  const up = now.up[k];
  const waiting = now.waiting[k];
  const wide = small ? 8 : 12;
  brush.box(one.x, one.y, one.w, one.h, { dashed: !now.there[k] });
  if (!up) crossOut(brush, one);
  stripe(brush, k, one, wide, up && now.there[k]);

  const size = small ? 12 : 14;
  const digits = String(trace.busiest).length;
  const shareSize = small ? 13 : one.h >= 54 ? 22 : 18;
  const share = small ? 8 + digits * 8 : 26 + digits * shareSize * 0.58;
  brush.write(String(now.shares[k]), one.x + one.w - (small ? 5 : 10), one.y + (small ? 14 : one.h / 2 + shareSize * 0.36),
    { align: "right", size: shareSize, bold: true });

  const x = one.x + wide + (small ? 4 : 9);
  const right = one.x + one.w - (small ? 5 : share);
  const radius = Math.min(4, trace.dot);
  const slot = small ? 4 : Math.min(8, one.h / 7);
  const lane = small ? 9 : Math.min(20, one.h * 0.34);
  const y = one.y + one.h - lane - (small ? 4 : one.h >= 54 ? 8 : 5);
  const end = right - slot * 2 - (small ? 2 : 8); // of the queue; then comes the place of service
  const nameY = small ? one.y + 14 : y - (one.h >= 54 ? 9 : 6);

  let words = !now.there[k] ? "not there" : !up ? "down" : waiting ? `${waiting} waiting` : "";
  brush.font(size, true);
  const named = pen.measureText(trace.names[k]).width;
  brush.font(13);
  if (trace.noticed && now.there[k] && !(up && now.trusted[k])) {
    const long = up ? "counts as down" : now.trusted[k] ? "down, not noticed" : "down, noticed";
    // Where there is no room for all of it, the line below the picture says when it was noticed.
    words = named + pen.measureText(long).width + 10 <= right - x ? long : words;
  }
  if (small) words = "";
  const wordsWide = words ? pen.measureText(words).width + 10 : 0;
  const room = (small ? one.x + one.w - share : right) - x - wordsWide;
  brush.font(size, true);
  const speed = !small && trace.speeds[k] !== 1 ? ` · speed ${Number(trace.speeds[k].toPrecision(3))}` : "";
  const factor = speed.replace("speed ", "×");
  const prefix = trace.prefix;
  const short = trace.names[k].slice(prefix);
  const fits = [trace.names[k] + speed, trace.names[k] + factor, short + factor, trace.names[k], short]
    .find((text) => pen.measureText(text).width <= room);
  let name = fits ?? short;
  while (fits === undefined && name.length > 2 && pen.measureText(`${name}…`).width > room) name = name.slice(0, -1);
  name = fits === undefined ? `${name}…` : name;
  if (!up) {
    // The lines of the cross do not run through the words.
    pen.fillStyle = look.paper;
    pen.fillRect(x - 3, nameY - size + 1, pen.measureText(name).width + 6, size + 3);
    if (words) pen.fillRect(right - wordsWide + 6, nameY - 12, wordsWide - 2, 16);
  }
  brush.write(name, x, nameY, { size, bold: true });
  if (words) brush.write(words, right, nameY, { align: "right", size: 13 });

  // The track of the queue, what waits in it, and the place of service.
  pen.globalAlpha = 0.09;
  pen.fillStyle = look.ink;
  pen.fillRect(x, y, end - x, lane);
  pen.globalAlpha = 1;
  queue(brush, k, x, end - x, y, lane, waiting, up);
  if (!small && waiting) {
    const pace = (end - x) / trace.longest;
    for (let j = upTo(at.startedUpTo, t), place = 0; j < now.shares[k]; j++) {
      const i = at.mine[j];
      if (trace.start[i] <= t) continue;
      brush.stamp(Math.max(x + radius, end - pace * (place + 0.5)), y + lane / 2, brush.markOf(i, Math.min(radius, lane / 2 - 1), true));
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
    brush.stamp(sx, sy, brush.markOf(i, small ? 3 : Math.min(4.5, slot - 2), "served"));
    break;
  }
}
