// The first screen: one picture that follows the study, and each variant's difference to the first.
(() => {
  const { data, first, make, section, state, finite, number } = report;
  const { add, figure, common, epochs } = report.view;
  const HEIGHT = 300;

  // The loss of the first variant on its own and on held-out images, with the gap between them.
  const losses = (body) => {
    const { training, heldOut } = report.curves.curvesOf("loss", first);
    const last = first.curves.epochs.at(-1);
    const end = (list) => list.at(-1)?.value;
    // The variant whose held-out loss ends lowest, if that is clearly lower.
    const others = state.shown().filter((group) => group !== first).map((group) =>
      ({ group, heldOut: report.curves.curvesOf("loss", group).heldOut }));
    const lower = others.filter(({ heldOut: own }) => end(own) < 0.9 * end(heldOut));
    const helper = d3.least(lower, (other) => end(other.heldOut));
    const named = (list, split) => list.map((point) => ({ ...point, split }));
    const y = report.curves.range("loss", [{ training, heldOut }]);
    const best = first.best_epoch > 1 && first.best_epoch < last ? [first.best_epoch] : [];
    const label = (list, text, fill, dy) => Plot.text(list.slice(-1), {
      x: "epoch", y: "value", text: () => text, fill, dy, textAnchor: "end", fontWeight: 600, fontSize: 13,
      stroke: "var(--page)", strokeWidth: 4,
    });
    const count = first.train_images;
    figure(body, (width) => ({
      ...common, width, height: HEIGHT, marginTop: 24, marginBottom: 34, marginLeft: 36,
      ariaLabel: `Loss of ${first.name} on its own and on new images, by epoch`,
      x: epochs(width, last), y: { domain: y, grid: true, nice: true, label: null, ticks: 5 },
      marks: [
        Plot.areaY(report.curves.join(training, heldOut),
          { x: "epoch", y1: "training", y2: "heldOut", fill: "var(--new)", fillOpacity: 0.14, clip: true }),
        Plot.ruleX(best, { strokeDasharray: "2 3" }),
        Plot.text(best, {
          x: (epoch) => epoch, frameAnchor: "top-left", dx: 6, dy: -14, fontSize: 12, fill: "var(--quiet)",
          textAnchor: best[0] > last / 2 ? "end" : "start",
          text: (epoch) => `epoch ${epoch}: the loss on new images is lowest`,
        }),
        Plot.line(helper?.heldOut ?? [],
          { x: "epoch", y: "value", stroke: helper?.group.colour, strokeWidth: 1.5, clip: true }),
        Plot.line(named(heldOut, "new images"), { x: "epoch", y: "value", stroke: "var(--new)", strokeWidth: 2.5, clip: true }),
        Plot.line(named(training, "its own images"), { x: "epoch", y: "value", stroke: "var(--ink)", strokeWidth: 2.5, clip: true }),
        label(heldOut, `new images ${number(end(heldOut), 2)}`, "var(--new)", -12),
        label(training, `its own ${count} images ${number(end(training), 3)}`, "var(--ink)", -12),
        ...(helper ? [label(helper.heldOut, `with ${helper.group.name} ${number(end(helper.heldOut), 2)}`,
          helper.group.colour, 14)] : []),
      ],
    }), make("b", {}, `Loss of “${first.name}”`), " on its own and on new images; shaded: the gap");
  };

  const accuracies = (body) => {
    const rows = state.shown().map(({ name, acc_train: { mean: own }, acc_test: { mean } }) =>
      ({ name, train: 100 * own, test: 100 * mean })).filter(({ train, test }) => finite(train) && finite(test));
    figure(body, (width) => ({
      ...common, width, height: 34 * report.variants.length + 56, marginTop: 8, marginBottom: 40,
      marginLeft: 150, ariaLabel: "Accuracy on training and test images, by variant",
      x: { label: "images right, per cent →", labelAnchor: "center", grid: true, nice: true, ticks: width / 90 },
      y: { label: null, domain: rows.map(({ name }) => name), tickSize: 0 },
      marks: [
        Plot.ruleY(rows, { y: "name", x1: "train", x2: "test", strokeWidth: 3, stroke: "var(--line)" }),
        Plot.dot(rows, { y: "name", x: "train", r: 6, stroke: "currentColor", fill: "var(--page)" }),
        Plot.dot(rows, { y: "name", x: "test", r: 4.5, symbol: "diamond", fill: "var(--new)" }),
      ],
    }), make("b", {}, "Images right"), ": ○ its own, ", make("b", { class: "new" }, "◆"), " new ones");
  };

  const picture = (body) => {
    if (!first) return;
    if (data.swept_keys.length) return report.sweep.overview(body, HEIGHT);
    if (first.wrong_answers.length) {
      body.append(make("p", { class: "caption" }, make("b", {}, "Three wrong labels"), ", and who gives which label"));
      return report.wrongLabels.cards(body, 3);
    }
    if (report.curves.curvesOf("loss", first).heldOut.length > 1) return losses(body);
    accuracies(body);
  };

  const COLOURS = { better: "var(--good)", worse: "var(--bad)", undecided: "var(--bar)" };

  const helps = (body) => {
    const helps = state.shown().filter(({ help }) => help).map(({ name, help }) => ({ name, ...help,
      mean: 100 * help.mean, low: 100 * help.low, high: 100 * help.high }));
    const rows = d3.sort(helps, (row) => -row.mean);
    if (!rows.length) return;
    const isOfSeeds = rows.some(({ verdict }) => verdict);
    const colour = ({ verdict }) => COLOURS[verdict ?? "undecided"];
    const few = rows.some(({ provisional }) => provisional) ? "; hollow: few seeds" : "";
    figure(body, (width) => ({
      ...common, width, height: 38 * report.variants.length + 22, marginTop: 8, marginBottom: 40, marginLeft: 140,
      marginRight: 16,
      ariaLabel: `Difference in test accuracy to ${first.name}, in points, by variant`,
      x: { label: `points of test accuracy against ${first.name}`, labelAnchor: "center", labelArrow: "none",
        grid: true, nice: true, ticks: width / 80, 
        tickFormat: (value) => d3.format(value > 0 ? "+~r" : "~r")(value) },
      y: { label: null, domain: rows.map(({ name }) => name), tickSize: 0 },
      marks: [
        Plot.ruleX([0]),
        Plot.link(rows, { x1: "low", x2: "high", y1: "name", y2: "name", stroke: colour, strokeWidth: 4,
          strokeOpacity: 0.5 }),
        Plot.dot(rows, { x: "mean", y: "name", r: 6, stroke: colour, strokeWidth: 2,
          fill: (row) => (isOfSeeds && !row.provisional ? colour(row) : "var(--page)") }),
        Plot.tip(rows, Plot.pointer({ x: "mean", y: "name", title: ({ name, mean, low, high, text }) =>
          `${name}: ${number(mean, 2)} points\n${number(low, 2)} to ${number(high, 2)}\n${text}` })),
      ],
    }), make("b", {}, isOfSeeds ? "Who helps?" : "Who helps? These networks, one seed"),
    isOfSeeds ? ` Bars: 95 % interval; grey: could be chance${few}` : " Bars: 95 % interval on these test images");
  };

  add("picture", picture);
  add("helps", helps);
})();
