// The gap between training and held-out images, epoch by epoch.
report.gap = (() => {
  const { make, empty, table, state, finite, number, rowHeader } = report;
  const { add, figure, multiples, caption, common, line, symbols, tip, epochs, epochRule } = report.view;

  // The two measures, with their columns in history.csv and metrics.csv and the final values.
  const MEASURES = {
    loss: {
      label: "data loss", training: "cross_entropy", heldOut: ({ curves }) => recorded(curves, "val_cross_entropy"),
      running: "running_loss", test: "cross_entropy_test", worse: Math.max,
    },
    accuracy: {
      label: "accuracy", training: "acc", heldOut: ({ curves }) => byEpoch(curves, "val_acc"),
      running: "running_acc", test: "acc_test", worse: Math.min,
    },
  };

  // Returns the points of a column with some epochs; values that are missing are left out.
  const points = (epochs, values) => values.flatMap((value, index) => (finite(value) ? [{ epoch: epochs[index], value }] : []));
  // Returns the points of a column of history.csv.
  const byEpoch = (curves, name) => points(curves.epochs, curves[name]);
  // Returns the points of a column of metrics.csv.
  const recorded = ({ recorded: { epochs, columns } }, name) => points(epochs, columns[name] ?? []);
  // Joins two lists of points at the epochs that both have.
  const join = (training, heldOut) => {
    const values = new Map(heldOut.map(({ epoch, value }) => [epoch, value]));
    return training.flatMap(({ epoch, value }) => (values.has(epoch) ? [{ epoch, training: value, heldOut: values.get(epoch) }] : []));
  };
  // Returns a list's value at an epoch.
  const at = (points, epoch) => points.find((point) => point.epoch === epoch)?.value;

  const curvesOf = (measure, group) => {
    const { training, heldOut, running } = MEASURES[measure];
    return {
      group, training: recorded(group.curves, training), heldOut: heldOut(group), running: byEpoch(group.curves, running),
    };
  };

  // Returns the range of the values of several curves. A loss begins at 0, and leaves out first epochs that are far above the
  // rest, but no variant's last values.
  const range = (measure, all) => {
    const values = (curves) => curves.flatMap((points) => points.map(({ value }) => value));
    if (measure === "accuracy") {
      const [low, high] = d3.extent(all.flatMap(({ training, heldOut }) => values([training, heldOut])));
      return [low ?? 0, high ?? 1];
    }
    const highest = d3.max(all, ({ training, heldOut }) => d3.max(values([training, heldOut]))) ?? 1;
    const typical = d3.median(all, ({ training, heldOut }) => d3.median(values([training, heldOut]))) ?? 1;
    const last = d3.max(all, ({ training, heldOut }) => d3.max([training.at(-1)?.value, heldOut.at(-1)?.value])) ?? 0;
    return [0, Math.min(highest, Math.max(3 * typical, 1.1 * last))];
  };
  // Returns the last epoch with a value above a range; undefined if there is none.
  const lastCut = ([, high], all) => d3.max(all, ({ training, heldOut }) =>
    d3.max([...training, ...heldOut].filter(({ value }) => value > high), ({ epoch }) => epoch));

  const multiple = (measure, curves, y, last) => (width) => {
    const { group, training, heldOut, running } = curves;
    const { stopped } = group;
    const { worse } = MEASURES[measure];
    const test = group[MEASURES[measure].test]?.mean;
    const marks = [
      ...(group.best_epoch === null ? [] : [{ epoch: group.best_epoch, text: `${group.is_monitored ? "best epoch" : "best held-out loss"}: ${group.best_epoch}` }]),
      ...(stopped ? [{ epoch: stopped.epochs, text: `stopped: ${stopped.epochs}${stopped.runs > 1 ? ` (median of ${stopped.runs})` : ""}` }] : []),
    ];
    const channels = { x: "epoch", y: "value" };
    const named = (points, split) => points.map((point) => ({ ...point, split }));
    return Plot.plot({
      ...common, width, height: 200, marginTop: 36, marginBottom: 34,
      ariaLabel: `${MEASURES[measure].label} of ${group.name} on training and held-out images, by epoch`,
      x: epochs(width, last), y: { domain: y, grid: true, nice: true, label: null, ticks: 5 },
      marks: [
        Plot.areaY(join(training, heldOut), { x: "epoch", y1: "training", y2: (point) => worse(point.training, point.heldOut), fill: group.colour, fillOpacity: 0.18, clip: true }),
        Plot.line(running, { ...channels, stroke: "var(--bar)", strokeDasharray: "2 3", clip: true }),
        Plot.line(training, { ...channels, stroke: group.colour, strokeWidth: 1.75, clip: true }),
        Plot.line(heldOut, { ...channels, stroke: group.colour, strokeWidth: 1.75, strokeDasharray: "6 3", clip: true }),
        Plot.ruleX(marks, { x: "epoch", strokeDasharray: "1 2" }),
        marks.map((mark, index) => Plot.text([mark], {
          x: "epoch", text: "text", frameAnchor: "top", dy: -28 + 13 * index, fontSize: 10,
          textAnchor: mark.epoch > last / 2 ? "end" : "start",
        })),
        [training, heldOut].filter(({ length }) => length === 1).map((one) => Plot.dot(one, { ...channels, fill: group.colour })),
        // Without held-out images the test images are the only ones to compare with, after the last epoch.
        Plot.dot(heldOut.length || !finite(test) ? [] : [{ epoch: group.curves.epochs.at(-1), value: test }],
          { ...channels, symbol: "diamond", r: 5, fill: "var(--accent)" }),
        epochRule(),
        tip([...named(training, "training, evaluated"), ...named(heldOut, "held out"), ...named(running, "training, as Keras prints it")],
          { ...channels, title: ({ split, epoch, value }) => `${split}\nepoch ${epoch}: ${number(value)}` }),
      ],
    });
  };

  const overlay = (measure, all, y, last) => (width) => {
    const lines = (split) => all.flatMap((curves) => curves[split].map((point) => ({ ...point, group: curves.group, split })));
    const [training, heldOut] = [lines("training"), lines("heldOut")];
    const channels = { x: "epoch", y: "value" };
    return Plot.plot({
      ...common, width, height: 330, marginTop: 28, marginBottom: 36,
      ariaLabel: `${MEASURES[measure].label} on training and held-out images by epoch, all variants`,
      x: epochs(width, last), y: { domain: y, grid: true, nice: true, label: `↑ ${MEASURES[measure].label}`, ticks: 6 },
      marks: [
        Plot.line(training, { ...line, ...channels, clip: true }),
        Plot.line(heldOut, { ...line, ...channels, strokeDasharray: "6 3", clip: true }),
        symbols([...training, ...heldOut]),
        epochRule(),
        tip([...training, ...heldOut], {
          ...channels,
          title: ({ group, split, epoch, value }) =>
            `${group.name}, ${split === "training" ? "training" : "held out"}\nepoch ${epoch}: ${number(value)}`,
        }),
      ],
    });
  };

  const penalties = (groups, last) => (width) => {
    const points = groups.flatMap((group) => recorded(group.curves, "penalty").map((point) => ({ ...point, group })));
    return Plot.plot({
      ...common, width, height: 200, marginTop: 28, marginBottom: 36, ariaLabel: "Penalty by epoch, by variant",
      x: epochs(width, last), y: { label: "↑ penalty", grid: true, nice: true, ticks: 4 },
      marks: [
        Plot.line(points, { ...line, x: "epoch", y: "value" }),
        symbols(points),
        epochRule(),
        tip(points, { x: "epoch", y: "value", title: ({ group, epoch, value }) => `${group.name}\nepoch ${epoch}: ${number(value)}` }),
      ],
    });
  };

  // Returns the numbers of the groups at an epoch, for a table.
  const numbersAt = (groups, epoch) => groups.map((group) => {
    const [loss, accuracy] = ["loss", "accuracy"].map((measure) => curvesOf(measure, group));
    const pair = (curves) => [at(curves.training, epoch), at(curves.heldOut, epoch)];
    return { group, loss: pair(loss), accuracy: pair(accuracy), penalty: at(recorded(group.curves, "penalty"), epoch) };
  });

  add("gap", (body) => {
    const groups = state.shown();
    const some = groups.filter((group) => group.curves.recorded.epochs.length);
    if (!some.length) return body.append(empty("What the curves need was not recorded: the runs are of an earlier version."));
    const last = d3.max(some, (group) => group.curves.epochs.at(-1));
    const { epoch } = state.get();
    if (epoch !== null) {
      const gap = ([training, heldOut]) => (finite(training) && finite(heldOut) ? heldOut - training : undefined);
      body.append(make("h3", {}, `Epoch ${epoch}`), table(`Losses and accuracies after epoch ${epoch}`,
        ["variant", "training loss", "held-out loss", "loss gap", "training acc", "held-out acc", "penalty"],
        numbersAt(some, epoch).map(({ group, loss, accuracy, penalty }) =>
          [rowHeader(group), ...[...loss, gap(loss), ...accuracy, penalty].map((value) => number(value))])));
    }
    for (const measure of Object.keys(MEASURES)) {
      const all = some.map((group) => curvesOf(measure, group));
      const y = range(measure, all);
      body.append(make("h3", {}, MEASURES[measure].label));
      const cut = lastCut(y, all);
      if (cut) body.append(make("p", { class: "caption" }, `Values far above the others are cut off, the last at epoch ${cut}.`));
      const grid = multiples(body);
      for (const curves of all) figure(grid, multiple(measure, curves, y, last), ...caption(curves.group));
      if (all.length > 1) {
        const isValidated = all.some(({ heldOut }) => heldOut.length);
        figure(body, overlay(measure, all, y, last), `All in one. Solid: training.${isValidated ? " Dashed: held out." : ""}`);
      }
    }
    const penalised = some.filter((group) => recorded(group.curves, "penalty").some(({ value }) => value > 0));
    if (penalised.length) {
      body.append(make("h3", {}, "penalty"));
      figure(body, penalties(penalised, last), "What is added to the data loss, apart from it. Networks without a penalty are left out.");
    }
  });

  return { points, byEpoch, recorded, join, at, range, lastCut, numbersAt };
})();
