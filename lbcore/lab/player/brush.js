// Part of the traffic player (play.py joins the parts into one module): what everything is drawn with.

const NEUTRAL = "#6b7a8f"; // a request that no node has been picked for
const GREY = "#8a8a8a"; // refused, one of the keys without a mark of its own, or without a client

// A canvas, the colours and font of the theme, and the time that is drawn.
class Brush {
  constructor(trace, canvas) {
    this.trace = trace;
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { alpha: false });
    this.look = { ink: "", paper: "", font: "" };
    this.sprites = new Map(); // by colour and radius
    this.colours = [];
    this.scale = 0;
    this.time = 0;
  }

  // An empty canvas of the layout's size, in the theme's colours.
  begin(place, time, look) {
    const { canvas, pen } = this;
    const ratio = window.devicePixelRatio || 1;
    const wide = Math.round(place.width * ratio);
    const high = Math.round(place.height * ratio);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
      canvas.style.height = `${place.height}px`;
    }
    if (ratio !== this.scale || look.ink !== this.look.ink || look.paper !== this.look.paper) {
      this.sprites = new Map();
      // What would not be seen on a dark page has the colour of the writing.
      const dark = brightness(look.paper) < 60;
      this.colours = this.trace.colours.map((colour) => (dark && brightness(colour) < 60 ? look.ink : colour));
    }
    this.scale = ratio;
    this.look = look;
    this.time = time;
    pen.setTransform(wide / place.width, 0, 0, high / place.height, 0, 0);
    pen.globalAlpha = 1;
    pen.fillStyle = look.paper;
    pen.fillRect(0, 0, place.width, place.height);
    pen.textBaseline = "alphabetic";
  }

  // The colour of a node, or of a key.
  colourOf(k) {
    return this.colours[k % this.colours.length];
  }

  ringed(k) {
    return k >= this.trace.colours.length;
  }

  // A dot is drawn once for each colour and size, and then copied: a frame may have eight hundred.
  sprite(colour, radius, { ring = false, crossed = false, moved = false } = {}) {
    // Not a string of all: building one for each dot takes longer than finding the picture.
    const sizes = this.sprites.get(colour) || new Map();
    const kinds = sizes.get(radius) || [];
    const kind = ring + 2 * crossed + 4 * moved;
    if (kinds[kind]) return kinds[kind];
    const half = radius * (moved ? 1.45 : 1) + 1.5;
    const size = Math.ceil(half * 2 * this.scale);
    const sheet = new OffscreenCanvas(size, size);
    const c = sheet.getContext("2d");
    c.scale(size / (half * 2), size / (half * 2));
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
      c.strokeStyle = this.look.ink;
      c.lineWidth = 0.8;
      c.stroke();
      c.globalAlpha = 1;
      if (ring) {
        c.beginPath();
        c.arc(0, 0, radius * 0.48, 0, 7);
        c.fillStyle = this.look.paper;
        c.fill();
      }
    }
    kinds[kind] = { picture: sheet.transferToImageBitmap(), half };
    this.sprites.set(colour, sizes.set(radius, kinds));
    return kinds[kind];
  }

  stamp(x, y, made) {
    this.pen.drawImage(made.picture, x - made.half, y - made.half, made.half * 2, made.half * 2);
  }

  // The dot of request i; picked: a node has been picked for it, or serves it ("served").
  markOf(i, radius, picked) {
    const { trace } = this;
    if (trace.ok && !trace.ok[i] && picked === "served") return this.sprite(this.look.ink, radius, { crossed: true });
    // Its client has gone: a grey ring. NaN is never reached.
    if (trace.hungUp && trace.hungUp[i] <= this.time) return this.sprite(GREY, radius, { ring: true });
    if (trace.group) {
      const g = trace.group[i];
      return g < 0 ? this.sprite(GREY, radius) : this.sprite(this.colourOf(g), radius, { ring: this.ringed(g) });
    }
    const moved = trace.moved.has(i); // a diamond from then on
    const k = trace.node[i];
    return picked ? this.sprite(this.colourOf(k), radius, { ring: this.ringed(k), moved }) : this.sprite(NEUTRAL, radius, { moved });
  }

  font(size, bold) {
    this.pen.font = `${bold ? "600 " : ""}${size}px ${this.look.font}`;
  }

  write(text, x, y, { align = "left", size = 14, bold = false, pale = false } = {}) {
    const { pen } = this;
    this.font(size, bold);
    pen.textAlign = align;
    pen.fillStyle = this.look.ink;
    pen.globalAlpha = pale ? 0.76 : 1;
    pen.fillText(text, x, y);
    pen.globalAlpha = 1;
  }

  box(x, y, w, h, { alpha = 0.5, dashed = false } = {}) {
    const { pen, look } = this;
    pen.beginPath();
    pen.roundRect(x, y, w, h, 5);
    pen.fillStyle = look.paper;
    pen.fill();
    pen.globalAlpha = alpha;
    pen.strokeStyle = look.ink;
    pen.lineWidth = 1;
    if (dashed) pen.setLineDash([4, 4]);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }
}
