// Errors and losses against the strength of what is swept.
report.sweep = (() => {
  const { data, make, section, state, finite, number, style } = report;
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
    const position = (value) => (log ? Math.log10(value > 0 ? value : positive[0] / step) : value);
    const positions = values.map(position);
    const domain = positions.length > 1 ? d3.extent(positions) : [positions[0] - 0.3, positions[0] + 0.3];
    const options = (width) => {
      const scale = d3.scaleLinear(domain, [0, width - 76]);
      const ticks = [];
      for (const value of values) {
        const gap = ticks.length ? scale(position(value)) - scale(position(ticks.at(-1))) : Infinity;
        if (gap >= 44) ticks.push(value);
      }
      return { domain, insetLeft: 8, insetRight: 8, ticks: ticks.map(position),
        tickFormat: (tick) => format(ticks.find((value) => position(value) === tick)) };
    };
    return { log, position, options };
  };

  // The measures, each with the metrics of training and of the images that it is compared on.
  const MEASURES = [
    { label: "images misread, per cent", training: "acc_train", heldOut: "acc_val", test: "acc_test",
      value: (mean) => 100 * (1 - mean) },
    { label: "cross-entropy", training: "cross_entropy_train", heldOut: "cross_entropy_val",
      test: "cross_entropy_test", value: (mean) => mean },
  ];

  // Returns the points of a metric, with the ends of the spread over the seeds.
  const along = (points, metric, value, split) => points.flatMap((point) => {
    if (point.sets_no_scale || !finite(point[metric]?.mean)) return [];
    const { mean, deviation } = point[metric];
    const [low, high] = d3.extent([mean - (deviation ?? 0), mean + (deviation ?? 0)], value);
    return [{ ...point, split, y: value(mean), low, high }];
  });

  // Marks the points that set no scale at the top.
  const beyond = (points, x) => points.filter((point) => point.sets_no_scale).map((point) =>
    Plot.dot([point], { x, frameAnchor: "top", ...symbol(point.group), symbol: "times" }));

  // Returns the value of a swept key to which its slider is moved, in a list.
  const movedTo = ({ key }) => data.sliders.flatMap(({ key: of, values }, index) =>
    (of === key && state.get().points[index] !== null ? [Number(values[state.get().points[index]])] : []));

  const picture = (swept, points, measure) => (width) => {
    const values = d3.sort(new Set(points.map((point) => point.value)));
    const { log, position, options } = axis(values, swept.logarithmic);
    const x = ({ value }) => position(value);
    const training = along(points, measure.training, measure.value, "training");
    const heldOut = along(points, measure.heldOut, measure.value, "held out");
    const compared = heldOut.length ? heldOut : along(points, measure.test, measure.value, "test");
    const all = [...training, ...compared];
    const band = (some) => Plot.areaY(some, { x, y1: "low", y2: "high", z: ({ name, split }) => name + split,
      fill: ({ group }) => group.colour, fillOpacity: 0.15, sort: "value" });
    return ({
      ...common, width, height: 280, marginTop: 28, marginBottom: 42,
      ariaLabel: `${measure.label} against ${swept.label}, on training and other images`,
      x: { label: `${swept.label}${log ? " (logarithmic)" : ""} →`, ...options(width) },
      y: { label: `↑ ${measure.label}`, grid: true, nice: true, ticks: 6 },
      marks: [
        Plot.ruleX(movedTo(swept).map(position), { stroke: "var(--accent)" }),
        band(training), band(compared),
        Plot.line(training, { ...line, z: "name", x, y: "y", sort: "value" }),
        Plot.line(compared, { ...line, z: "name", x, y: "y", sort: "value", strokeDasharray: "6 3" }),
        Plot.dot(compared.filter((point) => point.best), { x, y: "y", r: 9, stroke: "currentColor" }),
        all.map((point) => Plot.dot([point], { x, y: "y", ...symbol(point.group) })),
        beyond(points, x),
        tip(all, { x, y: "y", title: (point) =>
          `${point.name}\n${swept.label} ${format(point.value)}\n${point.split} ${number(point.y, 2)}` }),
      ],
    });
  };

  const offScale = new Set(report.groups.filter((group) => group.sets_no_scale).map(({ name }) => name));
  const pointsOf = (swept) => swept.series.filter(({ variant }) => !state.get().hidden.has(variant))
    .flatMap(({ name, variant, points }) => points.map((point) =>
      ({ ...point, name, variant, sets_no_scale: offScale.has(point.group), group: { name, ...style(variant) } })));

  // Draws the error on new images against every swept key that is alike, in one chart; the first variant is level.
  const overview = (body, height) => {
    const [main] = data.swept_keys;
    const alike = data.swept_keys.filter(({ logarithmic }) => logarithmic === main.logarithmic);
    const all = alike.flatMap(pointsOf);
    const points = along(all, "acc_test", MEASURES[0].value, "test");
    if (!points.length) return;
    const values = d3.sort(new Set(all.map((point) => point.value)));
    const { position, options } = axis(values, main.logarithmic);
    const x = ({ value }) => position(value);
    const first = state.first();
    const isLevel = !first.sets_no_scale && !points.some(({ variant }) => variant === first.variant);
    const level = isLevel ? [100 * (1 - first.acc_test.mean)] : [];
    const label = alike.length > 1 ? "strength" : main.label;
    const ring = points.some(({ best }) => best) ? "; ring: chosen on held-out images" : "";
    const ends = d3.groups(points, ({ name }) => name).map(([, own]) => d3.greatest(own, ({ value }) => value));
    figure(body, (width) => ({
      ...common, width, height, marginTop: 16, marginBottom: 42, ariaLabel: `Error on new images against ${label}`,
      x: { label: `${label} →`, ...options(width) }, y: { label: null, grid: true, nice: true, ticks: 5 },
      marks: [
        Plot.ruleX(alike.flatMap(movedTo).map(position), { stroke: "var(--accent)" }),
        Plot.ruleY(level, { strokeDasharray: "5 4" }),
        Plot.text(level, { y: (value) => value, text: () => first.name, frameAnchor: "left", dy: -8, fontSize: 12,
          textAnchor: "start" }),
        Plot.line(points, { ...line, z: "name", x, y: "y", sort: "value", strokeWidth: 2.5 }),
        points.map((point) => Plot.dot([point], { x, y: "y", ...symbol(point.group) })),
        beyond(all, x),
        Plot.dot(points.filter(({ best }) => best), { x, y: "y", r: 9, stroke: "currentColor" }),
        Plot.text(ends, { x, y: "y", text: "name", dx: -10, textAnchor: "end", fontWeight: 600, fontSize: 13,
          fill: ({ group }) => group.colour, stroke: "var(--page)", strokeWidth: 4 }),
      ],
    }), make("b", {}, "New images misread, per cent,"), ` by ${label}${ring}`,
    all.length > points.length ? "; ✕: off the scale" : "");
  };

  add("sweep", (body) => {
    for (const swept of data.swept_keys) {
      const points = pointsOf(swept);
      if (!points.length) continue;
      const pair = body.appendChild(make("div", { class: "pair" }));
      for (const measure of MEASURES) {
        figure(pair, picture(swept, points, measure), make("b", {}, swept.label), `: ${measure.label}`);
      }
    }
    const isValidated = report.groups.some((group) => group.acc_val);
    const omitted = d3.sum(data.swept_keys, (swept) => swept.omitted);
    body.append(make("p", { class: "caption" }, `Solid: training. Dashed: ${isValidated ? "held-out" : "test"} images. `
      + "Bands: ± one standard deviation over the seeds. Ring: chosen on held-out images. ✕: off the scale.",
    omitted ? ` Only one line of each variant is shown; ${omitted} others are left out.` : ""));
  });
  return { axis, along, overview };
})();
