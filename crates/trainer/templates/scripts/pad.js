// A pad to draw on: what is drawn becomes a digit as MNIST's makers made theirs, and all networks read it.
report.pad = (() => {
  const { data, variants, make, section, say, picture, paint, number, named } = report;
  const networks = variants.filter((variant) => variant.network);
  const SIDE = data.side;
  const BOX = 20;
  const CENTRE = SIDE / 2;
  // As in image.rs: fainter than this is no ink to crop to.
  const INK = 64;
  const DRAWING = 280;
  const PEN = 22;

  // One line of `length` greys to `size`, each the mean of the part of the line that it covers.
  const average = (length, size, at) => Array.from({ length: size }, (_, i) => {
    const [start, end] = [i * length / size, (i + 1) * length / size];
    let sum = 0;
    for (let j = Math.floor(start); j < Math.min(Math.ceil(end), length); j++) {
      sum += at(j) * (Math.min(end, j + 1) - Math.max(start, j));
    }
    return sum / (end - start);
  });

  // Cropped to its ink, brought to 20 pixels, its centre of mass put as near to the middle as whole pixels allow.
  const digit = (ink, side) => {
    const field = new Uint8Array(SIDE * SIDE);
    const inked = d3.range(side * side).filter((place) => ink[place] >= INK);
    if (!inked.length) return field;
    const [left, right] = d3.extent(inked, (place) => place % side);
    const [top, bottom] = d3.extent(inked, (place) => Math.floor(place / side));
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
    small.forEach((row, i) => field.set(row.map(Math.round), (y + i) * SIDE + x));
    return field;
  };

  let pixels = new Uint8Array(SIDE * SIDE);
  const probabilities = () => Object.fromEntries(networks.map(({ name, network }) =>
    [name, report.network.probabilities(network, pixels)]));
  const pad = { digit, pixels: () => Array.from(pixels), probabilities };

  if (!networks.length) {
    say("pad", "There is no trained network yet that could read one.");
    return pad;
  }

  const label = { role: "img", "aria-label": "Field to draw a digit on" };
  const canvas = make("canvas", { id: "pad-canvas", width: DRAWING, height: DRAWING, ...label });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(pen, { lineWidth: PEN, lineCap: "round", strokeStyle: "#fff", imageSmoothingEnabled: false });
  const seen = picture(pixels, "What the networks see");
  seen.id = "pad-seen";
  const status = make("p", { id: "pad-status", role: "status" });
  const clear = make("button", { id: "pad-clear", type: "button" }, "Clear");

  const digits = d3.range(data.classes);
  const rows = networks.map((variant) => ({
    variant,
    cells: digits.map((digit) => make("td", { "data-variant": variant.name, "data-digit": digit })),
    answer: make("td", { class: "answer", "data-variant": variant.name }),
  }));
  const table = make("table", { id: "pad-probabilities", class: "matrix" },
    make("caption", {}, "Probability of each digit in per cent; the answer is outlined"),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "variant"),
      ...digits.map((digit) => make("th", { scope: "col" }, digit)), make("th", { scope: "col" }, "answer"))),
    make("tbody", {}, ...rows.map(({ variant, cells, answer }) =>
      make("tr", {}, named(variant), ...cells, answer))));

  const show = (bytes, text) => {
    pixels = bytes;
    paint(seen, pixels);
    status.textContent = text;
    const drawn = pixels.some((grey) => grey > 0);
    const answers = probabilities();
    for (const { variant, cells, answer } of rows) {
      const shares = answers[variant.name];
      const best = d3.maxIndex(shares);
      cells.forEach((cell, digit) => {
        cell.dataset.value = shares[digit];
        cell.textContent = drawn ? number(100 * shares[digit], 0) : "";
        cell.style.setProperty("--share", drawn ? shares[digit] || 0 : 0);
        cell.classList.toggle("winner", drawn && digit === best);
      });
      answer.textContent = drawn && best >= 0 ? best : "";
    }
  };

  const wipe = () => {
    pen.clearRect(0, 0, DRAWING, DRAWING);
    loaded = false;
  };
  const read = () => {
    const { data: colours } = pen.getImageData(0, 0, DRAWING, DRAWING);
    const alpha = Uint8Array.from({ length: DRAWING * DRAWING }, (_, place) => colours[4 * place + 3]);
    show(digit(alpha, DRAWING), "Your drawing.");
  };
  const empty = () => {
    wipe();
    show(new Uint8Array(SIDE * SIDE), "Nothing is drawn yet.");
  };
  pad.load = (bytes, text) => {
    wipe();
    loaded = true;
    show(bytes, `Loaded: ${text}.`);
    pen.drawImage(seen, 0, 0, DRAWING, DRAWING);
  };

  let loaded = false; // a digit that is not drawn upon: the next stroke begins anew
  let last = null; // where the pen is, while it is down
  const stroke = (event) => {
    const box = canvas.getBoundingClientRect();
    const now = [(event.clientX - box.left) * DRAWING / box.width, (event.clientY - box.top) * DRAWING / box.height];
    pen.beginPath();
    pen.moveTo(...(last ?? now));
    pen.lineTo(...now);
    pen.stroke();
    last = now;
    read();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    if (loaded) wipe();
    stroke(event);
  });
  // On the window, so that a stroke may leave the field and come back.
  addEventListener("pointermove", (event) => last && event.isPrimary && stroke(event));
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { last = null; });
  clear.addEventListener("click", empty);

  section("pad").append(
    make("p", {}, "With mouse, pen or finger. The drawing is brought to 28 × 28 pixels as MNIST’s makers did: ",
      "cropped, scaled to 20 pixels, its centre of mass in the middle."),
    make("div", { class: "pad" },
      make("div", {}, canvas,
        make("div", { class: "tools" }, clear, make("span", { class: "seen" }, seen, "what the networks see")), status),
      make("div", { class: "scroll", role: "region", "aria-label": "Probabilities", tabindex: 0 }, table)));
  if (report.misread.length) {
    section("pad").append(make("p", {}, "Or load a digit that most variants get wrong:"),
      make("div", { class: "loaders" }, ...report.misread.map(report.loader)));
  }
  empty();
  return pad;
})();
