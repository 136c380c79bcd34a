// What became of the weights: by epoch, as pictures, and as histograms.
report.weights = (() => {
  const { data, make, empty, state, finite, number, percent, tick } = report;
  const { add, figure, multiples, caption, common } = report.view;
  const MEASURES = [["norm", "norm of the kernel"], ["near_zero", "weights within ±0.001"],
    ["silent", "units that never fire"]];
  const UNITS = 8;

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

  // Returns a colour for a weight, from blue through the page's colour to orange, as red, green, blue and opacity.
  const colour = (weight, largest) => {
    const share = Math.min(Math.abs(weight) / largest, 1);
    return weight > 0 ? [213, 94, 0, 255 * share] : [0, 114, 178, 255 * share];
  };
  const kernels = (layer, largest, label) => {
    const { width, height } = data;
    const units = Math.min(UNITS, layer.units);
    const canvas = make("canvas",
      { width: units * (width + 1) - 1, height, class: "kernels", role: "img", "aria-label": label });
    const context = canvas.getContext("2d");
    for (let unit = 0; unit < units; unit++) {
      const image = new ImageData(width, height);
      for (let input = 0; input < layer.inputs; input++) {
        image.data.set(colour(layer.kernel[input * layer.units + unit], largest), 4 * input);
      }
      context.putImageData(image, unit * (width + 1), 0);
    }
    return canvas;
  };
  const pictures = (body, groups) => {
    const some = groups.filter((group) => group.network);
    if (!some.length) return;
    const layers = some.map((group) => report.network.layers(group.network)[0]);
    // The scale is common, so that small weights are pale. The few largest weights are beyond it.
    const magnitudes = layers.flatMap(({ kernel }) => Array.from(kernel.filter((_, at) => at % 13 === 0), Math.abs));
    const largest = d3.quantile(magnitudes.filter(finite), 0.995) || 1;
    body.append(make("p", { class: "caption" }, `The weights of the first ${UNITS} units of hidden1, orange above 0 `
      + `and blue below, up to ±${number(largest, 3)}. Variants start from the same weights.`));
    const rows = body.appendChild(make("div", { class: "kernel-rows" }));
    some.forEach((group, index) => {
      rows.append(make("figure", {}, make("figcaption", {}, ...caption(group), ` seed ${group.seed}`),
        kernels(layers[index], largest, `First-layer weights of the first units of ${group.name}`)));
    });
  };

  const histograms = (body, groups) => {
    const some = groups.filter((group) => group.weights?.counts.length);
    if (!some.length) return body.append(empty("There are no weights to show."));
    body.append(make("p", { class: "caption" }, `Weights of ${data.shown_layer}; the counts’ axis is logarithmic. The `
      + "coloured bin is centred on 0; the outermost bins have all weights beyond them."));
    const grid = multiples(body);
    const maxCount = Math.max(...some.flatMap((group) => group.weights.counts));
    const powers = d3.range(12).map((power) => 10 ** power).filter((power) => power <= maxCount);
    const BASE = 0.7; // below a count of 1, as a logarithmic axis has no 0
    for (const group of some) {
      const { name, seed, weights: { edges, counts, near_zero, l1, l2 } } = group;
      if (!finite(l1)) {
        grid.append(make("figure", {}, make("figcaption", {}, ...caption(group)),
          empty(`Some weights are not finite (seed ${seed}).`)));
        continue;
      }
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

  add("weights", (body) => pictures(body, state.shown()));
  add("weights", (body) => {
    const groups = state.shown();
    histograms(body, groups);
    byEpoch(body, groups.filter((group) => group.curves.recorded.epochs.length));
  }, "Histograms, and size, zeros and units that never fire by epoch");

  return { layersOf, colour };
})();
