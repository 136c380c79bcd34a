// The pictures of a study: accuracies, learning curves, weights, confusions.
(() => {
  const { variants, make, section, say, number, spread, tick, noAnswers } = report;
  const { figure, legend, finite, common, symbol, line, tip } = report.figure;

  const accuracy = () => {
    const rows = variants.filter((variant) => finite(variant.acc_train?.mean) && finite(variant.acc_test?.mean));
    if (!rows.length) return say("accuracy", "No run has finished yet.");
    const train = (row) => row.acc_train.mean;
    const test = (row) => row.acc_test.mean;
    const y = "index";
    const words = { y, dy: -17, fill: "currentColor", stroke: "var(--page)", strokeWidth: 4 };
    const deviation = (of, dy) => Plot.ruleY(rows.filter((row) => row[of].deviation), {
      y, dy, strokeOpacity: 0.7, marker: "tick",
      x1: (row) => row[of].mean - row[of].deviation, x2: (row) => row[of].mean + row[of].deviation,
    });
    const deviations = rows.some((row) => row.acc_test.deviation);

    figure(section("accuracy"), (width) => Plot.plot({
      ...common, width, height: 52 * rows.length + 50, marginLeft: 12, marginTop: 8, marginBottom: 40,
      ariaLabel: "Accuracy on training and test digits, by variant",
      x: {
        label: "accuracy (share of digits read rightly) →", labelAnchor: "center",
        grid: true, nice: true, ticks: width / 90,
      },
      y: { type: "band", axis: null },
      marks: [
        Plot.ruleX([test(rows[0])], { strokeDasharray: "4 4", strokeOpacity: 0.6 }),
        Plot.text(rows, {
          ...words, text: "name", title: "name", frameAnchor: "left", fontWeight: 600,
          lineWidth: (width - 120) / 15, textOverflow: "ellipsis",
        }),
        Plot.text(rows, {
          ...words, text: (row) => `gap ${number(train(row) - test(row))}`, frameAnchor: "right",
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
    "○ training, ", make("span", { class: "accent" }, "◆"), " test; gap: training less test. ",
    "The dashed line is the test accuracy of ", make("b", {}, rows[0].name), ".",
    deviations ? " Thin bars: a standard deviation of the seeds either way." : "");
  };

  const curves = () => {
    const some = variants.filter((variant) => variant.history?.loss?.length);
    if (!some.length) return say("curves", "No epoch has been trained yet.");
    const parent = section("curves");
    const validated = some.some((variant) => variant.history.val_loss);
    parent.append(make("p", {}, validated
      ? "Solid: training, as the epoch’s batches went by, with dropout where there is any. Dashed: validation, after the epoch."
      : "On the training digits, as the epoch’s batches went by, with dropout where there is any; none were kept for validation.",
    some.some((variant) => variant.runs > 1) ? " Means over the seeds." : "",
    " The buttons take variants out of both pictures."));
    const shown = legend(parent, some, () => redraws.forEach((redraw) => redraw()));
    const pair = make("div", { class: "pair" });
    parent.append(pair);

    const last = Math.max(...some.map((variant) => variant.history.loss.length));
    const every = Math.ceil(last / 8);
    // Ticks of a log axis: of powers of ten as many as have room, and what is between where there are few.
    const steps = (low, high) => {
      const [from, to] = [low, high].map((value) => Math.floor(Math.log10(value)));
      const digits = to - from > 1 ? [1] : [1, 2, 5];
      const powers = d3.range(from, to + 1, Math.ceil((to - from) / 8) || 1);
      return powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
    };
    // What is not finite becomes NaN, which leaves a gap in its line.
    const points = (variant, split, key) => (variant.history[key] ?? []).map((value, at) =>
      ({ variant, split, epoch: at + 1, value: finite(value) ? value : NaN }));

    const curve = (measure, label) => (width) => {
      const training = [...shown].flatMap((variant) => points(variant, "training", measure));
      const validation = [...shown].flatMap((variant) => points(variant, "validation", `val_${measure}`));
      const seen = [...training, ...validation].filter((point) => finite(point.value));
      const [low, high] = d3.extent(seen, (point) => point.value);
      const log = measure === "loss" && low > 0 && high > 8 * low;
      const ticks = log ? steps(low, high).filter((step) => step >= low && step <= high) : 6;
      const place = { x: "epoch", y: "value" };
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
          Plot.line(training, { ...line, ...place }),
          Plot.line(validation, { ...line, ...place, strokeDasharray: "5 3" }),
          // Each variant has its symbols at other epochs, so that curves that run together stay apart.
          [...shown].map((variant) => Plot.dot(
            seen.filter((point) => point.variant === variant && (point.epoch + variant.index) % every === 0),
            { ...place, ...symbol(variant) })),
          tip(seen, {
            ...place,
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

  const multiples = (id) => {
    const grid = make("div", { class: "multiples" });
    section(id).append(grid);
    return grid;
  };

  const weights = () => {
    const some = variants.filter((variant) => variant.weights?.counts.length);
    if (!some.length) return say("weights", "No weights have been kept yet.");
    const grid = multiples("weights");
    const most = Math.max(...some.flatMap((variant) => variant.weights.counts));
    const powers = d3.range(12).map((power) => 10 ** power).filter((power) => power <= most);
    const LEAST = 0.7; // below a count of 1, as a log axis has no 0
    for (const { name, weights: { edges, counts, below, l1, l2, seed } } of some) {
      if (!finite(l1)) {
        const caption = make("figcaption", {}, make("b", { class: "name", title: name }, name));
        grid.append(make("figure", {}, caption, make("p", { class: "empty" }, `Not all are numbers any longer (seed ${seed}).`)));
        continue;
      }
      const bins = counts.map((count, at) => ({ count, left: edges[at], right: edges[at + 1] }));
      figure(grid, (width) => Plot.plot({
        ...common, width, height: 150, marginTop: 10, marginBottom: 32,
        ariaLabel: `Weights of ${data.weights_of} of ${name}`,
        x: { domain: d3.extent(edges), label: "weight", labelAnchor: "center", labelArrow: "none", ticks: 5, tickFormat: tick },
        y: { type: "log", domain: [LEAST, most * 1.2], label: null, grid: true, ticks: powers, tickFormat: "~s" },
        marks: [Plot.rect(bins.filter((bin) => bin.count), {
          x1: "left", x2: "right", y1: LEAST, y2: "count", inset: 0.25,
          fill: (bin) => (bin.left <= 0 && bin.right > 0 ? "var(--accent)" : "var(--bar)"),
          title: (bin) => `${number(bin.left)} to ${number(bin.right)}${
            [edges[0], edges.at(-2)].includes(bin.left) ? " and beyond" : ""}: ${bin.count} weights`,
        })],
      }),
      make("b", { class: "name", title: name }, name),
      make("span", { class: "share" }, `${number(100 * below, 1)} % within ±0.001`),
      `Σ|w| ${number(l1, 1)}, √Σw² ${number(l2, 2)}, seed ${seed}`);
    }
  };

  const confusion = () => {
    const some = variants.filter((variant) => variant.confusion);
    if (!some.length) return say("confusion", noAnswers());
    const wrong = (rows) => rows.flatMap((row, label) => row.filter((_, answer) => answer !== label));
    const most = Math.max(1, ...some.flatMap((variant) => wrong(variant.confusion)));
    const cell = (count, label, answer) => {
      if (answer === label) return make("td", { class: "right" }, count);
      // The root, so that rare mistakes are seen beside frequent ones.
      const style = count ? `--share: ${Math.sqrt(count / most).toFixed(3)}` : null;
      return make("td", { style }, count || "·");
    };
    const grid = multiples("confusion");
    for (const { name, confusion: rows, network } of some) {
      const heads = rows.map((_, digit) => make("th", { scope: "col" }, digit));
      const body = rows.map((row, label) => make("tr", {},
        make("th", { scope: "row" }, label), ...row.map((count, answer) => cell(count, label, answer))));
      grid.append(make("figure", {},
        make("figcaption", {}, make("b", { class: "name", title: name }, name),
          `${d3.sum(wrong(rows))} of ${d3.sum(rows.flat())} wrong${network ? `, seed ${network.seed}` : ""}`),
        make("table", { class: "matrix", "aria-label": `Confusion matrix of ${name}` },
          make("thead", {}, make("tr", {}, make("td"), ...heads)), make("tbody", {}, ...body))));
    }
  };

  accuracy();
  curves();
  weights();
  confusion();
})();
