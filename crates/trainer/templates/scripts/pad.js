// The drawing pad: it converts a drawing to an image of the data set, and all networks classify it.
report.pad = (() => {
  const { data, groups, make, empty, section, state, imageCanvas, paint, number, rowHeader } = report;
  const { width: WIDTH, height: HEIGHT } = data;
  const INK_THRESHOLD = 64; // fainter pixels are ignored when cropping, as in the predict command
  const NEIGHBOURS = d3.cross([-1, 0, 1], [-1, 0, 1]);
  // The size of the pad in pixels: its longer side has this length.
  const LONGER = 280;
  const side = (length) => Math.max(1, Math.round(LONGER * length / Math.max(WIDTH, HEIGHT)));
  const [DRAWING, DRAWING_HEIGHT] = [side(WIDTH), side(HEIGHT)];

  // Resamples a line of `length` grey values to `size` by a triangle filter, as the predict command does.
  const resample = (length, size, at) => Array.from({ length: size }, (_, i) => {
    const ratio = length / size;
    const [width, centre] = [Math.max(ratio, 1), (i + 0.5) * ratio];
    let [sum, total] = [0, 0];
    for (let j = Math.max(Math.floor(centre - width), 0); j < Math.min(centre + width, length); j++) {
      const weight = Math.max(1 - Math.abs(j + 0.5 - centre) / width, 0);
      [sum, total] = [sum + weight * at(j), total + weight];
    }
    return sum / total;
  });

  // Scales a part of a drawing to columns × rows pixels.
  const scale = (ink, { left, top, width, height }, columns, rows) => {
    const narrow = d3.range(height).map((y) => resample(width, columns, (x) => ink[(top + y) * DRAWING + left + x]));
    return d3.transpose(d3.range(columns).map((x) => resample(height, rows, (y) => narrow[y][x])));
  };

  // Returns the connected parts of what is inked, each with the box around it.
  const partsOf = (inked) => {
    const isLeft = Uint8Array.from(inked);
    const parts = [];
    for (let start = isLeft.indexOf(1); start >= 0; start = isLeft.indexOf(1, start)) {
      const pixels = [start];
      isLeft[start] = 0;
      for (let next = 0; next < pixels.length; next++) {
        const [x, y] = [pixels[next] % DRAWING, Math.floor(pixels[next] / DRAWING)];
        for (const [right, down] of NEIGHBOURS) {
          const index = (y + down) * DRAWING + x + right;
          if (x + right < 0 || x + right >= DRAWING || !isLeft[index]) continue;
          isLeft[index] = 0;
          pixels.push(index);
        }
      }
      const [left, right] = d3.extent(pixels, (index) => index % DRAWING);
      const [top, bottom] = d3.extent(pixels, (index) => Math.floor(index / DRAWING));
      parts.push({ pixels, left, right, top, bottom, size: Math.max(right - left, bottom - top) + 1 });
    }
    return parts;
  };
  // Returns the ink of a drawing alone, at full contrast: of its largest part and those near it that are no specks. The
  // limits are those of the predict command.
  const drawingOf = (ink) => {
    const strongest = d3.max(ink) || 1;
    const values = Uint8Array.from(ink, (value) => Math.round(255 * value / strongest));
    const parts = partsOf(values.map((value) => Number(value >= INK_THRESHOLD)));
    const main = d3.greatest(parts, ({ pixels }) => pixels.length);
    const isPart = ({ pixels, size }) => pixels.length >= 0.03 * main.pixels.length && size >= 0.12 * main.size;
    const dropped = new Set(parts.filter((part) => part !== main));
    const distance = (one, other) => Math.max(one.left - other.right, other.left - one.right, one.top - other.bottom,
      other.top - one.bottom) - 1;
    for (const near = main ? [main] : []; near.length;) {
      const part = near.pop();
      const found = [...dropped].filter((other) => isPart(other) && distance(part, other) <= 0.15 * main.size);
      found.forEach((other) => dropped.delete(other));
      near.push(...found);
    }
    dropped.forEach(({ pixels }) => pixels.forEach((index) => { values[index] = 0; }));
    return values;
  };

  // Crops a drawing to its ink, scales its longer side as in the data set and centres its centre of mass to a whole
  // pixel.
  const centred = (all) => {
    const ink = drawingOf(all);
    const image = new Uint8Array(WIDTH * HEIGHT);
    const inked = d3.range(ink.length).filter((index) => ink[index] >= INK_THRESHOLD);
    if (!inked.length) return image;
    const [left, right] = d3.extent(inked, (index) => index % DRAWING);
    const [top, bottom] = d3.extent(inked, (index) => Math.floor(index / DRAWING));
    const [width, height] = [right - left + 1, bottom - top + 1];
    const scaled = (length) => Math.max(Math.round(length * data.ink / Math.max(width, height)), 1);
    const [columns, rows] = [scaled(width), scaled(height)];
    const small = scale(ink, { left, top, width, height }, columns, rows);

    const start = (sums, length) => {
      const mass = d3.sum(sums, (sum, i) => sum * (i + 0.5)) / d3.sum(sums);
      return Math.min(Math.max(Math.round(WIDTH / 2 - mass), 0), WIDTH - length);
    };
    const x = start(d3.transpose(small).map((column) => d3.sum(column)), columns);
    const y = start(small.map((row) => d3.sum(row)), rows);
    small.forEach((row, i) => image.set(row.map(Math.round), (y + i) * WIDTH + x));
    return image;
  };

  // Scales a drawing as a whole, dark on light if the images of the data set are.
  const whole = (ink) => {
    const small = scale(ink, { left: 0, top: 0, width: DRAWING, height: DRAWING_HEIGHT }, WIDTH, HEIGHT);
    const value = (grey) => (data.preparation === "dark_on_light" ? 255 - grey : grey);
    return Uint8Array.from(small.flat(), (grey) => value(Math.round(grey)));
  };
  const toImage = data.preparation === "centred" ? centred : whole;

  let pixels = new Uint8Array(WIDTH * HEIGHT);
  const networks = () => state.shown().filter((group) => group.network);
  const probabilities = (image = pixels) => Object.fromEntries(networks().map(({ name, network }) =>
    [name, report.network.probabilities(network, image)]));
  const pad = { centred, whole, toImage, resample, pixels: () => Array.from(pixels), probabilities };

  if (!groups.some((group) => group.network)) {
    section("pad").append(empty("There is no network to ask."));
    return { ...pad, load: () => {} };
  }

  const label = { role: "img", "aria-label": "Area to draw in" };
  const canvas = make("canvas", { id: "pad-canvas", width: DRAWING, height: DRAWING_HEIGHT, ...label });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(pen, { lineWidth: 22, lineCap: "round", strokeStyle: "#fff", imageSmoothingEnabled: false });
  const preview = imageCanvas(pixels, "What the networks see");
  preview.id = "pad-preview";
  const status = make("p", { id: "pad-status", role: "status" });
  const clear = make("button", { id: "pad-clear", type: "button" }, "Clear");
  const answers = make("div", { class: "scroll", role: "region", "aria-label": "Probabilities", tabindex: 0 });

  const answer = () => {
    const isDrawn = pixels.some((grey) => grey > 0);
    const row = (group) => {
      const shares = report.network.probabilities(group.network, pixels);
      const best = d3.maxIndex(shares);
      const cells = shares.map((share, label) => {
        const cell = make("td", { "data-variant": group.name, "data-digit": label, "data-value": share });
        cell.textContent = isDrawn ? number(100 * share, 1) : "";
        cell.style.setProperty("--share", isDrawn ? share || 0 : 0);
        cell.classList.toggle("predicted", isDrawn && label === best);
        return cell;
      });
      const prediction = make("td", { class: "prediction" }, isDrawn && best >= 0 ? data.class_names[best] : "");
      return make("tr", {}, rowHeader(group), ...cells, prediction);
    };
    answers.replaceChildren(make("table", { id: "pad-probabilities" },
      make("caption", {}, "Probability of each class in per cent; the predicted class is outlined"),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "variant"), ...report.classHeaders(),
        make("th", { scope: "col" }, "class"))),
      make("tbody", {}, ...networks().map(row))));
  };
  const show = (bytes, text) => {
    pixels = bytes;
    paint(preview, pixels);
    status.textContent = text;
    answer();
  };
  state.onChange((isOfEpoch) => isOfEpoch || answer());

  const clearCanvas = () => {
    pen.clearRect(0, 0, DRAWING, DRAWING_HEIGHT);
    loaded = false;
  };
  const classifyDrawing = () => {
    const { data: colours } = pen.getImageData(0, 0, DRAWING, DRAWING_HEIGHT);
    const alpha = Uint8Array.from({ length: DRAWING * DRAWING_HEIGHT }, (_, index) => colours[4 * index + 3]);
    show(toImage(alpha), "Your drawing.");
  };
  const reset = () => {
    clearCanvas();
    show(new Uint8Array(WIDTH * HEIGHT), "Nothing is drawn yet.");
  };
  pad.load = (bytes, text) => {
    clearCanvas();
    loaded = true;
    show(bytes, `Loaded: ${text}.`);
    pen.drawImage(preview, 0, 0, DRAWING, DRAWING_HEIGHT);
  };

  let loaded = false; // true while an image is loaded; the next stroke clears it
  let last = null; // the position of the pen while it is down
  const stroke = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const now = [x * DRAWING, y * DRAWING_HEIGHT];
    pen.beginPath();
    pen.moveTo(...(last ?? now));
    pen.lineTo(...now);
    pen.stroke();
    last = now;
    classifyDrawing();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    if (loaded) clearCanvas();
    stroke(event);
  });
  // Listens on the window, so that a stroke may leave the canvas and return.
  addEventListener("pointermove", (event) => last && event.isPrimary && stroke(event));
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { last = null; });
  clear.addEventListener("click", reset);

  section("pad").append(make("div", { class: "pad" },
    make("div", {}, canvas,
      make("div", { class: "tools" }, clear, make("span", { class: "preview" }, preview, "what they see")), status),
    answers));
  reset();
  return pad;
})();
