// The charts of a study: accuracies, learning curves, weight histograms and confusion matrices.
(() => {
  const { data, variants, make, section, showMessage, number, spread, tick, classText, classHeaders,
    whyNoPredictions } = report;
  const { figure, legend, finite, common, symbol, line, tip } = report.figure;

  const accuracy = () => {
    const rows = variants.filter((variant) => finite(variant.acc_train?.mean) && finite(variant.acc_test?.mean));
    if (!rows.length) return showMessage("accuracy", "No run has finished yet.");
    const train = (row) => row.acc_train.mean;
    const test = (row) => row.acc_test.mean;
    const y = "index";
    const text = { y, dy: -17, fill: "currentColor", stroke: "var(--page)", strokeWidth: 4 };
    const deviation = (metric, dy) => Plot.ruleY(rows.filter((row) => row[metric].deviation), {
      y, dy, strokeOpacity: 0.7, marker: "tick",
      x1: (row) => row[metric].mean - row[metric].deviation, x2: (row) => row[metric].mean + row[metric].deviation,
    });
    const deviations = rows.some((row) => row.acc_test.deviation);

    figure(section("accuracy"), (width) => Plot.plot({
      ...common, width, height: 52 * rows.length + 50, marginLeft: 12, marginTop: 8, marginBottom: 40,
      ariaLabel: "Accuracy on training and test images, by variant",
      x: {
        label: "accuracy (share classified correctly) →", labelAnchor: "center",
        grid: true, nice: true, ticks: width / 90,
      },
      y: { type: "band", axis: null },
      marks: [
        Plot.ruleX([test(rows[0])], { strokeDasharray: "4 4", strokeOpacity: 0.6 }),
        Plot.text(rows, {
          ...text, text: "name", title: "name", frameAnchor: "left", fontWeight: 600,
          lineWidth: (width - 120) / 15, textOverflow: "ellipsis",
        }),
        Plot.text(rows, {
          ...text, text: (row) => `gap ${number(train(row) - test(row))}`, frameAnchor: "right",
        }),
        Plot.ruleY(rows, { y, dy: 6, x1: train, x2: test, strokeWidth: 3, stroke: "var(--line)" }),
        deviation("acc_train", -2),
        deviation("acc_test", 14),
        Plot.dot(rows, {
          y, dy: 6, x: train, r: 6, stroke: "currentColor", fill: "var(--page)",
          title: (row) => `training: ${spread(row.acc_train)}`,
        }),
        Plot.dot(rows, {
          y, dy: 6, x: test, r: 4.5, symbol: "diamond", fill: "var(--accent)",
          title: (row) => `test: ${spread(row.acc_test)}`,
        }),
      ],
    }),
    "○ training, ", make("span", { class: "accent" }, "◆"), " test; gap: training minus test. ",
    "The dashed line is the test accuracy of ", make("b", {}, rows[0].name), ".",
    deviations ? " Thin bars: ± one standard deviation over the seeds." : "");
  };

  const curves = () => {
    const some = variants.filter((variant) => variant.history?.loss?.length);
    if (!some.length) return showMessage("curves", "No epoch has been trained yet.");
    const parent = section("curves");
    const validated = some.some((variant) => variant.history.val_loss.some((value) => value !== null));
    parent.append(make("p", {}, validated
      ? "Solid: training, averaged over the batches of the epoch, with dropout if any. Dashed: validation, after the epoch."
      : "Training, averaged over the batches of the epoch, with dropout if any. There are no validation images.",
    some.some((variant) => variant.runs > 1) ? " Means over the seeds." : "",
    " The buttons show and hide variants in both charts."));
    const shown = legend(parent, some, () => redraws.forEach((redraw) => redraw()));
    const pair = make("div", { class: "pair" });
    parent.append(pair);

    const last = Math.max(...some.map((variant) => variant.history.loss.length));
    const every = Math.ceil(last / 8);
    // Ticks of a logarithmic axis: as many powers of ten as fit, with 2 and 5 times them if there are few.
    const logTicks = (low, high) => {
      const [from, to] = [low, high].map((value) => Math.floor(Math.log10(value)));
      const mantissas = to - from > 1 ? [1] : [1, 2, 5];
      const powers = d3.range(from, to + 1, Math.ceil((to - from) / 8) || 1);
      return powers.flatMap((power) => mantissas.map((mantissa) => Number(`${mantissa}e${power}`)));
    };
    // NaN instead of other values that are not finite leaves a gap in the line.
    const points = (variant, split, key) => variant.history[key].map((value, index) =>
      ({ variant, split, epoch: index + 1, value: finite(value) ? value : NaN }));
    // The line goes on over epochs without validation.
    const validationPoints = (variant, key) =>
      points(variant, "validation", key).filter((_, index) => variant.history[key][index] !== null);

    const curve = (measure, label) => (width) => {
      const training = [...shown].flatMap((variant) => points(variant, "training", measure));
      const validation = [...shown].flatMap((variant) => validationPoints(variant, `val_${measure}`));
      const finitePoints = [...training, ...validation].filter((point) => finite(point.value));
      const [low, high] = d3.extent(finitePoints, (point) => point.value);
      const log = measure === "loss" && low > 0 && high > 8 * low;
      const ticks = log ? logTicks(low, high).filter((value) => value >= low && value <= high) : 6;
      const channels = { x: "epoch", y: "value" };
      return Plot.plot({
        ...common, width, height: 325, marginTop: 28, marginBottom: 36, ariaLabel: `${label} per epoch, by variant`,
        x: {
          label: "epoch →", domain: last > 1 ? [1, last] : [0, 2],
          ticks: d3.ticks(1, last, width / 80).filter(Number.isInteger), tickFormat: "d",
        },
        y: {
          label: `↑ ${label}${log ? " (logarithmic)" : ""}`, type: log ? "log" : "linear",
          nice: !log, ticks, tickFormat: tick, grid: true,
        },
        marks: [
          Plot.line(training, { ...line, ...channels }),
          Plot.line(validation, { ...line, ...channels, strokeDasharray: "5 3" }),
          // Each variant has its symbols at different epochs, so that overlapping curves can be told apart.
          [...shown].map((variant) => Plot.dot(
            finitePoints.filter((point) => point.variant === variant && (point.epoch + variant.index) % every === 0),
            { ...channels, ...symbol(variant) })),
          tip(finitePoints, {
            ...channels,
            title: ({ variant, split, epoch, value }) => `${variant.name}\n${split}, epoch ${epoch}: ${number(value)}`,
          }),
        ],
      });
    };
    const redraws = [
      figure(pair, curve("loss", "loss, with penalties")),
      figure(pair, curve("acc", "accuracy")),
    ];
  };

  // Adds a grid of small figures to a section.
  const multiples = (id) => {
    const grid = make("div", { class: "multiples" });
    section(id).append(grid);
    return grid;
  };

  const weights = () => {
    const some = variants.filter((variant) => variant.weights?.counts.length);
    if (!some.length) return showMessage("weights", "There are no weights yet.");
    const grid = multiples("weights");
    const maxCount = Math.max(...some.flatMap((variant) => variant.weights.counts));
    const powers = d3.range(12).map((power) => 10 ** power).filter((power) => power <= maxCount);
    const BASE = 0.7; // below a count of 1, as a logarithmic axis has no 0
    for (const { name, weights: { edges, counts, near_zero, l1, l2, seed } } of some) {
      if (!finite(l1)) {
        const caption = make("figcaption", {}, make("b", { class: "name", title: name }, name));
        grid.append(make("figure", {}, caption, make("p", { class: "empty" }, `Some weights are not finite (seed ${seed}).`)));
        continue;
      }
      const bins = counts.map((count, index) => ({ count, left: edges[index], right: edges[index + 1] }));
      figure(grid, (width) => Plot.plot({
        ...common, width, height: 150, marginTop: 10, marginBottom: 32,
        ariaLabel: `Weights of ${data.shown_layer} of ${name}`,
        x: { domain: d3.extent(edges), label: "weight", labelAnchor: "center", labelArrow: "none", ticks: 5, tickFormat: tick },
        y: { type: "log", domain: [BASE, maxCount * 1.2], label: null, grid: true, ticks: powers, tickFormat: "~s" },
        marks: [Plot.rect(bins.filter((bin) => bin.count), {
          x1: "left", x2: "right", y1: BASE, y2: "count", inset: 0.25,
          fill: (bin) => (bin.left <= 0 && bin.right > 0 ? "var(--accent)" : "var(--bar)"),
          title: (bin) => `${number(bin.left)} to ${number(bin.right)}${
            [edges[0], edges.at(-2)].includes(bin.left) ? " and beyond" : ""}: ${bin.count} weights`,
        })],
      }),
      make("b", { class: "name", title: name }, name),
      make("span", { class: "share" }, `${number(100 * near_zero, 1)} % within ±0.001`),
      `Σ|w| ${number(l1, 1)}, √Σw² ${number(l2, 2)}, seed ${seed}`);
    }
  };

  const confusion = () => {
    const some = variants.filter((variant) => variant.confusion);
    if (!some.length) return showMessage("confusion", whyNoPredictions());
    const errors = (rows) => rows.flatMap((row, label) => row.filter((_, prediction) => prediction !== label));
    const maxErrors = Math.max(1, ...some.flatMap((variant) => errors(variant.confusion)));
    const cell = (count, label, prediction) => {
      if (prediction === label) return make("td", { class: "correct" }, count);
      // The square root keeps rare errors visible beside frequent ones.
      const style = count ? `--share: ${Math.sqrt(count / maxErrors).toFixed(3)}` : null;
      return make("td", { style }, count || "·");
    };
    const grid = multiples("confusion");
    for (const { name, confusion: rows, network } of some) {
      const body = rows.map((row, label) => make("tr", {},
        make("th", { scope: "row", title: classText(label) }, data.class_names[label]), ...row.map((count, prediction) => cell(count, label, prediction))));
      grid.append(make("figure", {},
        make("figcaption", {}, make("b", { class: "name", title: name }, name),
          `${d3.sum(errors(rows))} of ${d3.sum(rows.flat())} misclassified${network ? `, seed ${network.seed}` : ""}`),
        make("table", { class: "matrix", "aria-label": `Confusion matrix of ${name}` },
          make("thead", {}, make("tr", {}, make("td"), ...classHeaders())), make("tbody", {}, ...body))));
    }
  };

  accuracy();
  curves();
  weights();
  confusion();
})();
