// What became of the weights: by epoch, as pictures, and as histograms.
report.weights = (() => {
  const { data, make, empty, state, finite, number, percent, tick } = report;
  const { add, figure, saveButtons, multiples, caption, common, follow } = report.view;
  const MEASURES = [["norm", "norm of the kernel"], ["near_zero", "weights within ±0.001"],
    ["silent", "units that never fire"]];

  const layersOf = (groups) => {
    const columns = groups.flatMap((group) => Object.keys(group.curves.recorded.columns));
    return [...new Set(columns.filter((name) => name.endsWith(".norm")).map((name) => name.split(".")[0]))];
  };

  const byEpoch = (body, groups) => {
    const last = report.curves.lastEpoch(groups);
    for (const layer of layersOf(groups)) {
      const grid = multiples(body);
      for (const [measure, label] of MEASURES) {
        const name = `${layer}.${measure}`;
        const own = groups.filter((group) => report.curves.recorded(group.curves, name).length);
        if (!own.length) continue;
        const y = measure === "norm" ? {} : { tickFormat: "%" };
        const plot = report.curves.column(name, `${label} of ${layer}`, own, last, y);
        figure(grid, plot, make("b", {}, layer), `: ${label}`);
      }
    }
  };

  // Returns a colour for a weight of -127 to 127, blue below 0 and orange above, as red, green, blue and opacity.
  const colour = (weight) => (weight > 0 ? [213, 94, 0, 2 * weight] : [0, 114, 178, -2 * weight]);
  // Returns the index of the last picture up to an epoch; null is the trained network, which follows them.
  const frameAt = (epochs, epoch) =>
    (epoch === null || !epochs.length ? epochs.length : Math.max(d3.bisectRight(epochs, epoch), 1) - 1);
  const weightsOf = ({ kernels }, frame) => new Int8Array(report.bytes(kernels[frame]).buffer);
  // Draws one of the pictures of a group's first units.
  const paint = (canvas, { units, learnt }, weights) => {
    const { width, height } = data;
    const context = canvas.getContext("2d");
    for (const unit of learnt) {
      const image = new ImageData(width, height);
      for (let input = 0; input < width * height; input++) {
        image.data.set(colour(weights[input * units + unit]), 4 * input);
      }
      context.putImageData(image, unit * (width + 1), 0);
    }
  };
  const pictures = (body, groups) => {
    const some = groups.filter((group) => group.pictures);
    if (!some.length) return;
    const [{ pictures: { units, largest } }] = some;
    body.append(make("p", { class: "caption" }, `The weights of the first ${units} units of hidden1, orange above 0 `
      + `and blue below, up to ±${number(largest, 3)}; blank: it learnt nothing. All start from the same weights.`));
    const rows = body.appendChild(make("div", { class: "kernel-rows" }));
    for (const group of some) {
      const { epochs } = group.pictures;
      const label = `First-layer weights of the first units of ${group.name}`;
      const [width, height] = [units * (data.width + 1) - 1, data.height];
      const canvas = make("canvas", { width, height, class: "kernels", role: "img", "aria-label": label });
      const text = make("span");
      let shown = null;
      // Saved weights beyond the largest one shown are cut to it.
      const buttons = saveButtons(label, () => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} `
        + `${height}"><image width="100%" href="${canvas.toDataURL()}" image-rendering="pixelated"/></svg>`,
      () => Array.from(weightsOf(group.pictures, shown), (weight, index) => ({ unit: index % units + 1,
        row: Math.floor(index / units / data.width) + 1, column: Math.floor(index / units) % data.width + 1,
        weight: weight / 127 * largest })));
      const figcaption = make("figcaption", {}, ...caption(group), ` seed ${group.seed}`, text, buttons);
      rows.append(make("figure", {}, figcaption, canvas));
      follow((epoch) => {
        const frame = frameAt(epochs, epoch);
        if (frame === shown) return;
        shown = frame;
        const at = epochs[frame]; // undefined for the trained network
        text.textContent = at ? `, epoch ${at}` : at === 0 ? ", start" : ", trained";
        paint(canvas, group.pictures, weightsOf(group.pictures, frame));
      });
    }
  };

  const histograms = (body, groups) => {
    const some = groups.filter((group) => finite(group.weights?.l1));
    if (!some.length) return body.append(empty("There are no weights to show."));
    body.append(make("p", { class: "caption" }, `Weights of ${data.shown_layer}; the counts’ axis is logarithmic. The `
      + "coloured bin is centred on 0; the outermost bins have all weights beyond them."));
    const grid = multiples(body);
    const maxCount = Math.max(...some.flatMap((group) => group.weights.counts));
    const powers = d3.range(12).map((power) => 10 ** power).filter((power) => power <= maxCount);
    const BASE = 0.7; // below a count of 1, as a logarithmic axis has no 0
    for (const group of some) {
      const { name, seed, weights: { edges, counts, near_zero, l1, l2 } } = group;
      const bins = counts.map((count, index) => ({ count, left: edges[index], right: edges[index + 1] }));
      figure(grid, (width) => ({
        ...common, width, height: 150, marginTop: 10, marginBottom: 32,
        ariaLabel: `Weights of ${data.shown_layer} of ${name}`,
        x: { domain: d3.extent(edges), label: "weight", labelAnchor: "center", labelArrow: "none", ticks: 5,
          tickFormat: tick },
        y: { type: "log", domain: [BASE, maxCount * 1.2], label: null, grid: true, ticks: powers, tickFormat: "~s" },
        marks: [Plot.rect(bins.filter((bin) => bin.count), {
          x1: "left", x2: "right", y1: BASE, y2: "count", inset: 0.25,
          fill: (bin) => (bin.left <= 0 && bin.right > 0 ? "var(--accent)" : "var(--bar)"),
          title: (bin) => `${number(bin.left)} to ${number(bin.right)}${
            [edges[0], edges.at(-2)].includes(bin.left) ? " and beyond" : ""}: ${bin.count} weights`,
        })],
      }), ...caption(group), make("span", { class: "share" }, `${percent(near_zero)} within ±0.001`),
      `Σ|w| ${number(l1, 1)}, √Σw² ${number(l2, 2)}, seed ${seed}`);
    }
  };

  report.player("weights");
  add("weights", (body) => pictures(body, state.shown()));
  add("weights", (body) => {
    const groups = state.shown();
    histograms(body, groups);
    byEpoch(body, groups.filter((group) => group.curves.recorded.epochs.length));
  }, "Histograms, and size, zeros and units that never fire by epoch");

  return { layersOf, colour, frameAt };
})();
