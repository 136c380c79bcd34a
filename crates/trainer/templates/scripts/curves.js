// The curves by epoch: loss and accuracy on training and held-out images, and penalties.
report.curves = (() => {
  const { make, empty, table, state, finite, number, percent, tick, rowHeader } = report;
  const { add, figure, multiples, caption, common, line, symbols, tip, epochs, follow } = report.view;

  // The two measures, with their columns in history.csv and metrics.csv and the final values.
  const MEASURES = {
    loss: { label: "cross-entropy", training: "cross_entropy", running: "running_loss", test: "cross_entropy_test",
      heldOut: ({ curves }) => recorded(curves, "val_cross_entropy"), worse: Math.max },
    accuracy: { label: "accuracy", training: "acc", running: "running_acc", test: "acc_test",
      heldOut: ({ curves }) => byEpoch(curves, "val_acc"), worse: Math.min },
  };

  // Returns the points of a column with some epochs; values that are missing are left out.
  const points = (epochs, values) =>
    values.flatMap((value, index) => (finite(value) ? [{ epoch: epochs[index], value }] : []));
  // Returns the points of a column of history.csv.
  const byEpoch = (curves, name) => points(curves.epochs, curves[name]);
  // Returns the points of a column of metrics.csv.
  const recorded = ({ recorded: { epochs, columns } }, name) => points(epochs, columns[name] ?? []);
  // Joins two lists of points at the epochs that both have.
  const join = (training, heldOut) => {
    const values = new Map(heldOut.map(({ epoch, value }) => [epoch, value]));
    const both = training.filter(({ epoch }) => values.has(epoch));
    return both.map(({ epoch, value }) => ({ epoch, training: value, heldOut: values.get(epoch) }));
  };
  const at = (points, epoch) => points.find((point) => point.epoch === epoch)?.value;

  const curvesOf = (measure, group) => {
    const { training, heldOut, running } = MEASURES[measure];
    return { group, training: recorded(group.curves, training), heldOut: heldOut(group),
      running: byEpoch(group.curves, running) };
  };

  // Returns the range of the values of several curves, without those that set no scale. A loss begins at 0, and leaves
  // out first epochs far above the rest, but no variant's last values.
  const range = (measure, curves) => {
    const sound = curves.filter(({ group }) => !group?.sets_no_scale);
    const all = sound.length ? sound : curves;
    const values = (curves) => curves.flatMap((points) => points.map(({ value }) => value));
    if (measure === "accuracy") {
      const [low, high] = d3.extent(all.flatMap(({ training, heldOut }) => values([training, heldOut])));
      return [low ?? 0, high ?? 1];
    }
    const highest = d3.max(all, ({ training, heldOut }) => d3.max(values([training, heldOut]))) ?? 1;
    const typical = d3.median(all, ({ training, heldOut }) => d3.median(values([training, heldOut]))) ?? 1;
    const ends = ({ training, heldOut }) => d3.max([training.at(-1)?.value, heldOut.at(-1)?.value]);
    return [0, Math.min(highest, Math.max(3 * typical, 1.1 * (d3.max(all, ends) ?? 0)))];
  };
  // Returns the last epoch with a value above a range; undefined if there is none.
  const lastCut = ([, high], all) => d3.max(all, ({ training, heldOut }) =>
    d3.max([...training, ...heldOut].filter(({ value }) => value > high), ({ epoch }) => epoch));

  // Draws a variant's curves. A small one has no marks and no tooltip.
  const single = (measure, curves, y, last, { height, isSmall, hasRunning }) => (width) => {
    const { group, training, heldOut, running } = curves;
    const { stopped, best_epoch: best, is_monitored: isMonitored } = group;
    const { worse, label, test: metric } = MEASURES[measure];
    const test = group[metric]?.mean;
    const several = stopped?.runs > 1 ? ` (median of ${stopped.runs})` : "";
    const marks = [
      ...(best === null ? [] : [{ epoch: best, text: `${isMonitored ? "best epoch" : "lowest loss"}: ${best}` }]),
      ...(stopped ? [{ epoch: stopped.epochs, text: `stopped: ${stopped.epochs}${several}` }] : []),
    ];
    const channels = { x: "epoch", y: "value" };
    const named = (points, split) => points.map((point) => ({ ...point, split }));
    const tips = [...named(training, "training"), ...named(heldOut, "held out"),
      ...(hasRunning ? named(running, "training, as Keras prints it") : [])];
    return ({
      ...common, width, height, marginTop: isSmall ? 8 : 36, marginBottom: isSmall ? 8 : 34, lastEpoch: last,
      marginLeft: isSmall ? 4 : common.marginLeft,
      ariaLabel: `${label} of ${group.name} on training and held-out images, by epoch`,
      x: { ...epochs(width, last), ...(isSmall ? { axis: null } : {}) },
      y: { domain: y, grid: true, nice: true, label: null, ticks: 5, ...(isSmall ? { axis: null } : {}) },
      marks: [
        Plot.areaY(join(training, heldOut), { x: "epoch", y1: "training",
          y2: (point) => worse(point.training, point.heldOut), fill: group.colour, fillOpacity: 0.18, clip: true }),
        Plot.line(hasRunning ? running : [], { ...channels, stroke: "var(--bar)", strokeDasharray: "2 3", clip: true }),
        Plot.line(training, { ...channels, stroke: group.colour, strokeWidth: 1.75, clip: true }),
        Plot.line(heldOut, { ...channels, stroke: group.colour, strokeWidth: 2, strokeDasharray: "6 3", clip: true }),
        [training, heldOut].filter(({ length }) => length === 1)
          .map((one) => Plot.dot(one, { ...channels, fill: group.colour })),
        // Without held-out images the test images are the only ones to compare with, after the last epoch.
        Plot.dot(heldOut.length || !finite(test) ? []
          : [{ epoch: group.curves.epochs.at(-1), value: test, split: "test" }],
        { ...channels, symbol: "diamond", r: 5, fill: "var(--new)" }),
        ...(isSmall ? [] : [
          Plot.ruleX(marks, { x: "epoch", strokeDasharray: "1 2" }),
          marks.map((mark, index) => Plot.text([mark], {
            x: "epoch", text: "text", frameAnchor: "top", dy: -28 + 13 * index, fontSize: 11,
            textAnchor: mark.epoch > last / 2 ? "end" : "start",
          })),
          tip(tips, { ...channels, title: ({ split, epoch, value }) => `${split}\nepoch ${epoch}: ${number(value)}` }),
        ]),
      ],
    });
  };

  // Draws a recorded column of several variants.
  const column = (name, label, groups, last, y = {}) => (width) => {
    const points = groups.flatMap((group) => recorded(group.curves, name).map((point) => ({ ...point, group })));
    const sound = points.filter(({ group }) => !group.sets_no_scale);
    const domain = sound.length && sound.length < points.length ? d3.extent(sound, ({ value }) => value) : undefined;
    const title = ({ group, epoch, value }) => `${group.name}\nepoch ${epoch}: ${number(value)}`;
    return ({
      ...common, width, height: 200, marginTop: 28, marginBottom: 36, lastEpoch: last,
      ariaLabel: `${label} by epoch, by variant`,
      x: epochs(width, last), y: { label: null, grid: true, nice: true, ticks: 4, tickFormat: tick, domain, ...y },
      marks: [Plot.line(points, { ...line, x: "epoch", y: "value", clip: true }), symbols(points),
        tip(points, { x: "epoch", y: "value", title })],
    });
  };

  const lastEpoch = (groups) => d3.max(groups, (group) => group.curves.epochs.at(-1)) ?? 1;
  const withCurves = () => state.shown().filter((group) => group.curves.recorded.epochs.length);
  // What is large: the curves of a variant, with Keras's running mean or not.
  const large = { variant: null, measure: "loss", hasRunning: false };

  report.player("curves");
  add("curves", (body) => {
    const some = withCurves();
    if (!some.length) return body.append(empty("What the curves need was not recorded."));
    const { measure, hasRunning } = large;
    const [all, last] = [some.map((group) => curvesOf(measure, group)), lastEpoch(some)];
    const y = range(measure, all);
    const chosen = all.find(({ group }) => group.variant === large.variant) ?? all[0];
    const change = (changes, control) => {
      Object.assign(large, changes);
      report.view.redraw(body);
      body.querySelector(`[data-control="${control}"]`).focus();
    };
    figure(body, single(measure, chosen, y, last, { height: 300, hasRunning }), ...caption(chosen.group),
      `: ${MEASURES[measure].label}`);
    const cut = lastCut(y, [chosen]);
    if (cut) {
      body.append(make("p", { class: "caption" }, `Values far above the others are cut off, up to epoch ${cut}.`));
    }
    if (!chosen.heldOut.length) {
      body.append(make("p", { class: "caption" },
        "No images are held out, so only the end can be compared. The config overfit holds images out."));
    }
    const thumbnails = body.appendChild(make("div", { class: "thumbnails" }));
    for (const curves of all.length > 1 ? all : []) {
      const { variant } = curves.group;
      const button = make("button", { type: "button", "aria-label": curves.group.name, "data-control": variant,
        "aria-pressed": String(curves === chosen) });
      thumbnails.append(button);
      figure(button, single(measure, curves, y, last, { height: 96, isSmall: true }), ...caption(curves.group));
      button.querySelector(".chart").ariaHidden = "true"; // the large one says the same
      button.addEventListener("click", () => change({ variant }, variant));
    }
    const box = (text, checked, changes) => {
      const input = make("input", { type: "checkbox", checked, "data-control": text });
      input.addEventListener("change", () => change(changes(input.checked), text));
      return make("label", {}, input, ` ${text} `);
    };
    body.append(make("p", { class: "caption" },
      box("Accuracy instead", measure === "accuracy", (is) => ({ measure: is ? "accuracy" : "loss" })),
      box("Dotted: the mean over an epoch’s batches, with penalties, as Keras prints it", hasRunning,
        (is) => ({ hasRunning: is }))));
  });

  add("curves", (body) => {
    const some = withCurves();
    follow((epoch) => body.replaceChildren(...epoch ? [make("h3", {}, `Epoch ${epoch}`),
      table(`Losses and accuracies after epoch ${epoch}`,
        ["variant", "training loss", "held-out loss", "training accuracy", "held-out accuracy"],
        some.map((group) => [rowHeader(group), ...["loss", "accuracy"].flatMap((measure) => {
          const { training, heldOut } = curvesOf(measure, group);
          const format = measure === "loss" ? number : percent;
          return [at(training, epoch), at(heldOut, epoch)].map((value) => (finite(value) ? format(value) : "–"));
        })]))] : [empty("No recorded epoch is marked.")]));
  }, "The numbers of the marked epoch");

  return { points, byEpoch, recorded, join, at, range, lastCut, curvesOf, column, lastEpoch };
})();
