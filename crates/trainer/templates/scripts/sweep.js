// The accuracy as a function of each swept key, as charts and a table.
(() => {
  const { data, withStyle, variants, make, section, number, spread, variantHeader } = report;
  const { figure, legend, finite, common, symbol, line, tip } = report.figure;
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

  const charts = (parent, { key, logarithmic, omitted }, points) => {
    const values = d3.sort(new Set(points.map((point) => point.value)));
    const { log, position, options } = axis(values, logarithmic);
    const x = ({ value }) => position(value);
    const colour = ({ variant }) => variant.colour;
    const shown = legend(parent, [...new Set(points.map((point) => point.variant))], () => redraw());

    // The two charts have separate axes, as training and test accuracies can have different ranges.
    const panel = (metric, label, height, marks) => figure(parent, (width) => {
      const some = points.filter((point) => shown.has(point.variant) && finite(point[metric]?.mean));
      const y = (point) => point[metric].mean;
      return Plot.plot({
        ...common, width, height, marginTop: 28, marginBottom: 42, ariaLabel: `Accuracy on ${label} images against ${key}, by variant`,
        x: { label: `${key}${log ? " (logarithmic)" : ""} →`, ...options(width) },
        y: { label: `↑ accuracy, ${label}`, grid: true, nice: true, ticks: height / 50, tickFormat: (tick) => String(Number(tick.toFixed(6))) },
        marks: [
          ...marks(some, y),
          Plot.ruleX(some.filter((point) => point[metric].deviation), {
            x, stroke: colour,
            y1: (point) => point[metric].mean - point[metric].deviation, y2: (point) => point[metric].mean + point[metric].deviation,
          }),
          Plot.line(some, { ...line, x, y, sort: "value" }),
          [...shown].map((variant) =>
            Plot.dot(some.filter((point) => point.variant === variant), { x, y, ...symbol(variant) })),
          tip(some, {
            x, y,
            title: (point) => `${point.variant.name}\n${key} = ${format(point.value)}\n` +
              `training ${spread(point.acc_train)}\n` +
              (point.acc_val ? `held out ${spread(point.acc_val)}\n` : "") + `test ${spread(point.acc_test)}`,
          }),
        ],
      });
    });
    // The first variant is a horizontal line if it does not have this key.
    const [first] = variants;
    const isLine = first?.name.includes("=") || points.some(({ variant }) => variant === first);
    const level = isLine ? null : first?.acc_test?.mean;
    parent.append(make("p", { class: "caption" }, "Bars: ± one standard deviation.",
      points.some((point) => point.best) ? " The ring marks the point chosen by held-out images." : "",
      level == null ? "" : ` The dashed line is the test accuracy of ${first.name}.`,
      log && values[0] <= 0 ? " A logarithmic axis has no 0: it is drawn at the left end." : "",
      omitted ? ` Only one line of each variant is shown; ${omitted} others are left out.` : ""));
    const redraws = [
      panel("acc_test", "test", 270, (some, y) => [
        Plot.ruleY(level == null ? [] : [level], { strokeDasharray: "4 4", strokeOpacity: 0.6 }),
        Plot.dot(some.filter((point) => point.best), { x, y, r: 9, stroke: "currentColor" }),
      ]),
      panel("acc_train", "training", 190, () => []),
    ];
    const redraw = () => redraws.forEach((draw) => draw());
  };

  const table = (points) => {
    const validated = points.some((point) => point.acc_val);
    const names = ["variant", "value", "acc_train", ...(validated ? ["acc_val"] : []), "acc_test", "n"];
    const heads = names.map((text) => make("th", { scope: "col" }, text));
    // Returns the mean and, below it, the deviation.
    const meanAndDeviation = ({ mean, deviation }) =>
      [number(mean), finite(deviation) ? make("small", {}, `± ${number(deviation)}`) : ""];
    const star = () => make("span", { class: "star", role: "img", "aria-label": "best:" }, "★");
    const rows = points.map((point) => make("tr", {},
      variantHeader(point.variant),
      make("td", {}, format(point.value)),
      make("td", {}, ...meanAndDeviation(point.acc_train)),
      ...(validated ? [make("td", { class: point.best ? "best" : null }, point.best ? star() : "",
        ...(point.acc_val ? meanAndDeviation(point.acc_val) : []))] : []),
      make("td", {}, ...meanAndDeviation(point.acc_test)),
      make("td", {}, point.runs)));
    return make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  };

  for (const swept of data.swept_keys) {
    const { key } = swept;
    const points = swept.series.flatMap((series, index) => {
      const variant = variants.find(({ name }) => name === series.name) ?? withStyle({ name: series.name }, index);
      return series.points.map((point) => ({ ...point, variant }));
    });
    const left = make("div");
    const right = make("div", { class: "scroll", role: "region", "aria-label": `Accuracies, ${key}`, tabindex: 0 });
    section("sweep").append(make("h3", {}, key), make("div", { class: "sweep" }, left, right));
    charts(left, swept, points);
    right.append(table(points));
  }
})();
