// Errors and losses against the strength of what is swept.
report.sweep = (() => {
  const { data, groups, make, section, state, finite, number, spread, style, table, rowHeader } = report;
  const { add, figure, common, symbol, line, tip } = report.view;
  section("sweep").hidden = !data.swept_keys.length;

  // Formats a value as in results.csv.
  const format = (value) => (value && Math.abs(value) < 1e-4 ? value.toExponential() : String(value));

  // Returns the positions of the values on the axis, and the options of the axis.
  const axis = (values, logarithmic) => {
    const positive = values.filter((value) => value > 0);
    const log = logarithmic && positive.length > 0;
    // A logarithmic axis has no 0: it is put one step to the left of the smallest positive value.
    const step = positive.length > 1 ? positive[1] / positive[0] : 10;
    const position = (value) => (log && value <= 0 ? positive[0] / step : value);
    const positions = values.map(position);
    const single = log ? [positions[0] / 2, positions[0] * 2] : [positions[0] - 1, positions[0] + 1];
    const domain = positions.length > 1 ? d3.extent(positions) : single;
    const options = (width) => {
      const scale = (log ? d3.scaleLog() : d3.scaleLinear()).domain(domain).range([0, width - 76]);
      const ticks = [];
      for (const value of values) {
        const gap = ticks.length ? scale(position(value)) - scale(position(ticks.at(-1))) : Infinity;
        if (gap >= 44) ticks.push(value);
      }
      return {
        type: log ? "log" : "linear", domain, insetLeft: 8, insetRight: 8,
        ticks: ticks.map(position), tickFormat: (tick) => format(ticks.find((value) => position(value) === tick)),
      };
    };
    return { log, position, options };
  };

  // The measures, each with the metrics of training and of the images that it is compared on.
  const MEASURES = [
    { label: "error (share misclassified)", training: "acc_train", heldOut: "acc_val", test: "acc_test", value: (mean) => 1 - mean },
    { label: "data loss", training: "cross_entropy_train", heldOut: "cross_entropy_val", test: "cross_entropy_test", value: (mean) => mean },
  ];

  // Returns the points of a metric, with the ends of the spread over the seeds.
  const along = (points, metric, value, split) => points.filter((point) => finite(point[metric]?.mean)).map((point) => {
    const { mean, deviation } = point[metric];
    return { ...point, split, y: value(mean), low: value(mean - (deviation ?? 0)), high: value(mean + (deviation ?? 0)) };
  });

  // Returns the last point of each line of a variant that has several lines.
  const several = (points) => d3.groups(points, ({ variant }) => variant).flatMap(([, own]) => {
    const lines = d3.groups(own, ({ name }) => name);
    return lines.length > 1 ? lines.map(([, line]) => d3.greatest(line, ({ value }) => value)) : [];
  });

  const picture = (swept, points, measure, at) => (width) => {
    const values = d3.sort(new Set(points.map((point) => point.value)));
    const { log, position, options } = axis(values, swept.logarithmic);
    const x = ({ value }) => position(value);
    const training = along(points, measure.training, measure.value, "training");
    const heldOut = along(points, measure.heldOut, measure.value, "held out");
    const compared = heldOut.length ? heldOut : along(points, measure.test, measure.value, "test");
    const all = [...training, ...compared];
    const band = (some) => Plot.areaY(some, { x, y1: "low", y2: "high", z: ({ name, split }) => name + split, fill: ({ group }) => group.colour, fillOpacity: 0.15, sort: "value" });
    return Plot.plot({
      ...common, width, height: 300, marginTop: 28, marginBottom: 42, ariaLabel: `${measure.label} against ${swept.key}, on training and other images`,
      x: { label: `${swept.key}${log ? " (logarithmic)" : ""} →`, ...options(width) },
      y: { label: `↑ ${measure.label}`, grid: true, nice: true, ticks: 6 },
      marks: [
        Plot.ruleX(at === null ? [] : [position(at)], { stroke: "var(--accent)" }),
        band(training), band(compared),
        Plot.line(training, { ...line, z: "name", x, y: "y", sort: "value" }),
        Plot.line(compared, { ...line, z: "name", x, y: "y", sort: "value", strokeDasharray: "6 3" }),
        Plot.dot(compared.filter((point) => point.best), { x, y: "y", r: 9, stroke: "currentColor" }),
        all.map((point) => Plot.dot([point], { x, y: "y", ...symbol(point.group) })),
        // Several lines of a variant have its colour and symbol: their names tell them apart.
        Plot.text(several(compared), { x, y: "y", text: "name", dx: -6, dy: -10, textAnchor: "end", stroke: "var(--page)", fill: "currentColor" }),
        tip(all, { x, y: "y", title: (point) => `${point.name}\n${swept.key} = ${format(point.value)}\n${point.split} ${number(point.y)}` }),
      ],
    });
  };

  add("sweep", (body) => {
    const { hidden, points: chosen } = state.get();
    const variants = [...new Set(groups.map((group) => group.variant))];
    if (data.sliders.length) body.append(make("p", {}, "The sliders in the bar move the whole page along these axes."));
    for (const swept of data.swept_keys) {
      const points = swept.series.filter(({ variant }) => !hidden.has(variant)).flatMap(({ name, variant, points }) =>
        points.map((point) => ({ ...point, name, variant, group: { name, ...style(variants.indexOf(variant)) } })));
      if (!points.length) continue;
      const slider = data.sliders.findIndex(({ key }) => key === swept.key);
      const at = slider >= 0 && chosen[slider] !== null ? Number(data.sliders[slider].values[chosen[slider]]) : null;
      body.append(make("h3", {}, swept.key));
      const pair = body.appendChild(make("div", { class: "pair" }));
      for (const measure of MEASURES) figure(pair, picture(swept, points, measure, at), make("b", {}, measure.label));
      const validated = points.some((point) => point.acc_val);
      body.append(make("p", { class: "caption" }, `Solid: training. Dashed: ${validated ? "held-out" : "test"} images. Bands: ± one standard deviation over the seeds.`,
        points.some((point) => point.best) ? " The ring marks the point that the held-out images choose." : "",
        swept.omitted ? ` Only one line of each variant is shown; ${swept.omitted} others are left out.` : ""),
      table(`Accuracies, ${swept.key}`, ["variant", "value", "acc_train", ...(validated ? ["acc_val"] : []), "acc_test", "gap", "n"],
        points.map((point) => [rowHeader(point), `${format(point.value)}${point.best ? " ★" : ""}`, spread(point.acc_train),
          ...(validated ? [spread(point.acc_val)] : []), spread(point.acc_test), spread(point.gap), point.runs])));
    }
  });

  return { axis, along, several };
})();
