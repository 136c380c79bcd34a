// The first screen: a headline, one picture that follows the study, and each variant's difference to the first.
report.first = (() => {
  const { data, make, empty, section, state, finite, number } = report;
  const { add, figure, common, epochs } = report.view;
  const HEIGHT = 300;
  // Groups that set no scale are named instead of drawn.
  const sound = (groups) => groups.filter((group) => !group.sets_no_scale);
  const offScale = (groups) => {
    const names = groups.filter((group) => group.sets_no_scale).map(({ name }) => name);
    return names.length ? `; off the scale: ${names.join(", ")}` : "";
  };

  // The loss of the first variant on its own and on held-out images, with the gap between them.
  const losses = (body, first) => {
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
    const thick = { x: "epoch", y: "value", strokeWidth: 2.5, clip: true };
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
          x: (epoch) => epoch, frameAnchor: "top-left", dx: 6, dy: -14, fontSize: 12, fill: "var(--new)",
          textAnchor: best[0] > last / 2 ? "end" : "start",
          text: (epoch) => `lowest at epoch ${epoch}`,
        }),
        Plot.line(named(helper?.heldOut ?? [], `with ${helper?.group.name}`),
          { ...thick, stroke: helper?.group.colour, strokeWidth: 1.5 }),
        Plot.line(named(heldOut, "new images"), { ...thick, stroke: "var(--new)" }),
        Plot.line(named(training, "its own images"), { ...thick, stroke: "var(--ink)" }),
        label(heldOut, `new images ${number(end(heldOut), 2)}`, "var(--new)", -12),
        label(training, `its own ${count} images ${number(end(training), 3)}`, "var(--ink)", -12),
        ...(helper ? [label(helper.heldOut, `with ${helper.group.name} ${number(end(helper.heldOut), 2)}`,
          helper.group.colour, 14)] : []),
      ],
    }), make("b", {}, `Loss of “${first.name}”`), " on its own and on new images; shaded: the gap");
  };

  const accuracies = (body) => {
    const rows = sound(state.shown()).map(({ name, acc_train: own, acc_test: test }) =>
      ({ name, train: 100 * own.mean, test: 100 * test.mean }));
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
    }), make("b", {}, "Images right"), ": ○ its own, ", make("b", { class: "new" }, "◆"),
    ` new ones${offScale(state.shown())}`);
  };

  add("picture", (body) => {
    const first = state.first();
    if (!first) return;
    if (data.swept_keys.length) return report.sweep.overview(body, HEIGHT);
    if (first.wrong_answers.length) {
      body.append(make("p", { class: "caption" }, make("b", {}, "Three wrong labels"), ", and who gives which label"));
      return report.wrongLabels.cards(body, 3);
    }
    if (report.curves.curvesOf("loss", first).heldOut.length > 1) return losses(body, first);
    accuracies(body);
  });

  const COLOURS = { better: "var(--good)", worse: "var(--bad)", undecided: "var(--bar)" };
  // Returns a variant's difference from the first one, where they are compared.
  const helpOf = (group) => (state.isCompared(group) ? group.help : null);

  add("helps", (body) => {
    const first = state.first();
    const isMoved = state.isMoved() && !first.headline.doubts;
    const others = state.shown().filter((group) => helpOf(group) || (isMoved && group !== first));
    const differences = sound(others).map((group) => {
      const [{ name, acc_test: { mean } }, help] = [group, helpOf(group)];
      if (!help) return { name, mean: 100 * (mean - first.acc_test.mean), text: "not compared here" };
      return { name, ...help, mean: 100 * help.mean, low: 100 * help.low, high: 100 * help.high };
    });
    const rows = d3.sort(differences, (row) => -row.mean);
    if (!rows.length) return others.length && body.append(empty(`Nothing to compare${offScale(others)}.`));
    const isOfOneSeed = rows.some(({ low, verdict }) => finite(low) && !verdict);
    const kinds = isOfOneSeed ? " on these test images" : "; grey: could be chance";
    const few = rows.some(({ provisional }) => provisional) ? "; hollow: few seeds" : "";
    const moved = rows.some(({ low }) => !finite(low)) ? "; no bar: not compared here" : "";
    const colour = ({ verdict }) => COLOURS[verdict ?? "undecided"];
    figure(body, (width) => ({
      ...common, width, height: 38 * report.variants.length + 22, marginTop: 8, marginBottom: 40, marginRight: 16,
      marginLeft: Math.min(7.5 * d3.max(rows, ({ name }) => name.length) + 12, width / 2),
      ariaLabel: `Difference in test accuracy to ${first.name}, in points, by variant`,
      x: { label: "points", labelAnchor: "center", labelArrow: "none",
        grid: true, nice: true, ticks: width / 80,
        tickFormat: (value) => d3.format(value > 0 ? "+~r" : "~r")(value) },
      y: { label: null, domain: rows.map(({ name }) => name), tickSize: 0 },
      marks: [
        Plot.ruleX([0]),
        Plot.link(rows, { x1: "low", x2: "high", y1: "name", y2: "name", stroke: colour, strokeWidth: 4,
          strokeOpacity: 0.5 }),
        Plot.dot(rows, { x: "mean", y: "name", r: 6, stroke: colour, strokeWidth: 2,
          fill: (row) => (row.verdict && !row.provisional ? colour(row) : "var(--page)") }),
        Plot.tip(rows, Plot.pointer({ x: "mean", y: "name", title: ({ name, mean, low, high, text }) =>
          `${name}: ${number(mean, 2)} points (${number(low, 2)} to ${number(high, 2)})\n${text}` })),
      ],
    }), make("b", {}, isOfOneSeed ? "Who helps? These networks, one seed" : "Who helps?"),
    ` Points of test accuracy against ${first.name}. Bars: 95 % interval${kinds}${few}${moved}${offScale(others)}`);
  });

  // Says how many variants help for sure, and returns the best of them.
  const gains = (groups, first) => {
    const helped = groups.map((group) => ({ name: group.name, help: helpOf(group) })).filter(({ help }) => help);
    const sure = helped.filter(({ help }) => help.is_supported && help.mean > 0);
    const best = d3.greatest(sure, ({ help }) => help.mean);
    const points = best && `${number(100 * best.help.mean, 1)} points`;
    const sentence = () => {
      const isElsewhere = state.isMoved() && report.groups.some((group) => group.chosen && group.help);
      if (!helped.length) return isElsewhere ? "Variants are compared where each is best on held-out images." : "";
      if (!helped.some(({ help }) => help.verdict)) {
        const found = best ? `The network of “${best.name}” reads ${points} more of the new images than`
          : "No network reads new images better than";
        return `${found} that of “${first.name}”. One network of each says nothing of the method.`;
      }
      if (!best && helped.length === 1) return `It is not sure that ${helped[0].name} helps.`;
      const count = helped.length === 1 ? best.name : `Of ${helped.length} variants ${sure.length || "none"}`;
      if (!best) return `${count} helps for sure.`;
      const few = best.help.provisional ? " These are few seeds: more may turn it." : "";
      const most = helped.length === 1 ? "" : `, ${sure.length === 1 ? "" : "most of all "}${best.name}`;
      return `${count} help${sure.length === 1 ? "s" : ""} for sure${most}, by ${points}.${few}`;
    };
    return { best, text: sentence() };
  };
  const headline = () => {
    const first = state.first();
    if (!first) return;
    const { title, doubts, numbers } = first.headline;
    const { text, best } = gains(state.shown(), first);
    const kind = best?.help.verdict ? "best sure gain" : "these networks";
    const gain = best ? [{ value: `+${number(100 * best.help.mean, 1)}`, unit: `points, ${kind} (${best.name})`,
      class: best.help.verdict ? "gain" : "own" }] : [];
    section("title").textContent = title;
    section("first").querySelector(".subtitle").textContent = doubts || text;
    section("first").querySelector(".numbers").replaceChildren(...[...numbers, ...doubts ? [] : gain].map((number) =>
      make("div", { class: number.class }, make("dd", {}, number.value), make("dt", {}, number.unit))));
  };

  state.onChange((isOfEpoch) => isOfEpoch || headline());
  headline();
  return { gains };
})();
