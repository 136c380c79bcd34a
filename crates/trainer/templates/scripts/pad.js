// The drawing pad: it converts a drawing to an image as in MNIST, and all networks classify it.
report.pad = (() => {
  const { data, variants, misclassified, make, section, showMessage, imageCanvas, paint, number,
    variantHeader } = report;
  const networks = variants.filter((variant) => variant.network);
  const SIDE = data.side;
  const BOX = 20;
  const CENTRE = SIDE / 2;
  // Fainter pixels are ignored when cropping, as in the predict command.
  const INK_THRESHOLD = 64;
  const DRAWING = 280;
  const PEN_WIDTH = 22;

  // Resamples a line of `length` grey values to `size`, each the mean of the part of the line that it covers.
  const average = (length, size, at) => Array.from({ length: size }, (_, i) => {
    const [start, end] = [i * length / size, (i + 1) * length / size];
    let sum = 0;
    for (let j = Math.floor(start); j < Math.min(Math.ceil(end), length); j++) {
      sum += at(j) * (Math.min(end, j + 1) - Math.max(start, j));
    }
    return sum / (end - start);
  });

  // Crops a drawing to its ink, scales its longer side to 20 pixels and centres its centre of mass to a whole pixel.
  const toImage = (ink, side) => {
    const image = new Uint8Array(SIDE * SIDE);
    const inked = d3.range(side * side).filter((index) => ink[index] >= INK_THRESHOLD);
    if (!inked.length) return image;
    const [left, right] = d3.extent(inked, (index) => index % side);
    const [top, bottom] = d3.extent(inked, (index) => Math.floor(index / side));
    const [width, height] = [right - left + 1, bottom - top + 1];
    const scaled = (length) => Math.max(Math.round(length * BOX / Math.max(width, height)), 1);
    const [columns, rows] = [scaled(width), scaled(height)];
    const narrow = d3.range(height).map((y) => average(width, columns, (x) => ink[(top + y) * side + left + x]));
    const small = d3.transpose(d3.range(columns).map((x) => average(height, rows, (y) => narrow[y][x])));

    const start = (sums, length) => {
      const mass = d3.sum(sums, (sum, i) => sum * (i + 0.5)) / d3.sum(sums);
      return Math.min(Math.max(Math.round(CENTRE - mass), 0), SIDE - length);
    };
    const x = start(d3.transpose(small).map((column) => d3.sum(column)), columns);
    const y = start(small.map((row) => d3.sum(row)), rows);
    small.forEach((row, i) => image.set(row.map(Math.round), (y + i) * SIDE + x));
    return image;
  };

  let pixels = new Uint8Array(SIDE * SIDE);
  const probabilities = () => Object.fromEntries(networks.map(({ name, network }) =>
    [name, report.network.probabilities(network, pixels)]));
  const pad = { toImage, pixels: () => Array.from(pixels), probabilities };

  if (!networks.length) {
    showMessage("pad", "There is no trained network yet.");
    return pad;
  }

  const label = { role: "img", "aria-label": "Area to draw a digit in" };
  const canvas = make("canvas", { id: "pad-canvas", width: DRAWING, height: DRAWING, ...label });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(pen, { lineWidth: PEN_WIDTH, lineCap: "round", strokeStyle: "#fff", imageSmoothingEnabled: false });
  const preview = imageCanvas(pixels, "What the networks see");
  preview.id = "pad-preview";
  const status = make("p", { id: "pad-status", role: "status" });
  const clear = make("button", { id: "pad-clear", type: "button" }, "Clear");

  const classes = d3.range(data.classes);
  const rows = networks.map((variant) => ({
    variant,
    cells: classes.map((label) => make("td", { "data-variant": variant.name, "data-digit": label })),
    prediction: make("td", { class: "prediction", "data-variant": variant.name }),
  }));
  const table = make("table", { id: "pad-probabilities", class: "matrix" },
    make("caption", {}, "Probability of each class in per cent; the predicted class is outlined"),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "variant"),
      ...classes.map((label) => make("th", { scope: "col" }, label)), make("th", { scope: "col" }, "class"))),
    make("tbody", {}, ...rows.map(({ variant, cells, prediction }) =>
      make("tr", {}, variantHeader(variant), ...cells, prediction))));

  const show = (bytes, text) => {
    pixels = bytes;
    paint(preview, pixels);
    status.textContent = text;
    const isDrawn = pixels.some((grey) => grey > 0);
    const byVariant = probabilities();
    for (const { variant, cells, prediction } of rows) {
      const shares = byVariant[variant.name];
      const best = d3.maxIndex(shares);
      cells.forEach((cell, label) => {
        cell.dataset.value = shares[label];
        cell.textContent = isDrawn ? number(100 * shares[label], 0) : "";
        cell.style.setProperty("--share", isDrawn ? shares[label] || 0 : 0);
        cell.classList.toggle("predicted", isDrawn && label === best);
      });
      prediction.textContent = isDrawn && best >= 0 ? best : "";
    }
  };

  const clearCanvas = () => {
    pen.clearRect(0, 0, DRAWING, DRAWING);
    loaded = false;
  };
  const classifyDrawing = () => {
    const { data: colours } = pen.getImageData(0, 0, DRAWING, DRAWING);
    const alpha = Uint8Array.from({ length: DRAWING * DRAWING }, (_, index) => colours[4 * index + 3]);
    show(toImage(alpha, DRAWING), "Your drawing.");
  };
  const reset = () => {
    clearCanvas();
    show(new Uint8Array(SIDE * SIDE), "Nothing is drawn yet.");
  };
  pad.load = (bytes, text) => {
    clearCanvas();
    loaded = true;
    show(bytes, `Loaded: ${text}.`);
    pen.drawImage(preview, 0, 0, DRAWING, DRAWING);
  };

  let loaded = false; // true while an image is loaded; the next stroke clears it
  let last = null; // the position of the pen while it is down
  const stroke = (event) => {
    const box = canvas.getBoundingClientRect();
    const now = [(event.clientX - box.left) * DRAWING / box.width, (event.clientY - box.top) * DRAWING / box.height];
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

  section("pad").append(
    make("p", {}, "Draw with a mouse, a pen or a finger. The drawing is converted to 28 × 28 pixels as in MNIST: ",
      "cropped, scaled to fit 20 × 20 pixels, and centred on its centre of mass."),
    make("div", { class: "pad" },
      make("div", {}, canvas,
        make("div", { class: "tools" }, clear, make("span", { class: "preview" }, preview, "what the networks see")), status),
      make("div", { class: "scroll", role: "region", "aria-label": "Probabilities", tabindex: 0 }, table)));
  if (misclassified.length) {
    section("pad").append(make("p", {}, "Or load an image that most variants misclassify:"),
      make("div", { class: "loaders" }, ...misclassified.map(report.loadButton)));
  }
  reset();
  return pad;
})();
