// What came of settings that were varied: a picture and a table for each.
(() => {
  const { data, drawn, variants, make, section, number, spread, named } = report;
  const { figure, legend, finite, common, symbol, line, tip } = report.figure;
  section("paths").hidden = !data.paths.length;

  // A value as results.csv has it.
  const brief = (value) => (value && Math.abs(value) < 1e-4 ? value.toExponential() : String(value));

  // Where the values lie on the axis.
  const axis = (values, logarithmic) => {
    const above = values.filter((value) => value > 0);
    const log = logarithmic && above.length > 0;
    // A log axis has no place for 0: it goes left of the least of the others, as far as that is from the next.
    const step = above.length > 1 ? above[1] / above[0] : 10;
    const place = (value) => (log && value <= 0 ? above[0] / step : value);
    const places = values.map(place);
    const alone = log ? [places[0] / 2, places[0] * 2] : [places[0] - 1, places[0] + 1];
    const domain = places.length > 1 ? d3.extent(places) : alone;
    const options = (width) => {
      const scale = (log ? d3.scaleLog() : d3.scaleLinear()).domain(domain).range([0, width - 76]);
      const ticks = [];
      for (const value of values) {
        const gap = ticks.length ? scale(place(value)) - scale(place(ticks.at(-1))) : Infinity;
        if (gap >= 44) ticks.push(value);
      }
      return {
        type: log ? "log" : "linear", domain, insetLeft: 8, insetRight: 8,
        ticks: ticks.map(place), tickFormat: (at) => brief(ticks.find((value) => place(value) === at)),
      };
    };
    return { log, place, options };
  };

  const picture = (parent, { key, logarithmic, left_out }, points) => {
    const values = d3.sort(new Set(points.map((point) => point.value)));
    const { log, place, options } = axis(values, logarithmic);
    const x = ({ value }) => place(value);
    const colour = ({ variant }) => variant.colour;
    const shown = legend(parent, [...new Set(points.map((point) => point.variant))], () => redraw());

    const name = ({ value }) => brief(value);
    // Each of the two has an axis of its own: in training accuracies differ by less, or by more.
    const panel = (of, label, height, marks) => figure(parent, (width) => {
      const some = points.filter((point) => shown.has(point.variant) && finite(point[of]?.mean));
      const y = (point) => point[of].mean;
      return Plot.plot({
        ...common, width, height, marginTop: 28, marginBottom: 42, ariaLabel: `Accuracy on ${label} digits against ${key}, by variant`,
        x: { label: `${key}${log ? " (logarithmic)" : ""} →`, ...options(width) },
        y: { label: `↑ accuracy, ${label}`, grid: true, nice: true, ticks: height / 50, tickFormat: (at) => String(Number(at.toFixed(6))) },
        marks: [
          ...marks(some, y),
          Plot.ruleX(some.filter((point) => point[of].deviation), {
            x, stroke: colour,
            y1: (point) => point[of].mean - point[of].deviation, y2: (point) => point[of].mean + point[of].deviation,
          }),
          Plot.line(some, { ...line, x, y, sort: "value" }),
          [...shown].map((variant) =>
            Plot.dot(some.filter((point) => point.variant === variant), { x, y, ...symbol(variant) })),
          tip(some, {
            x, y,
            title: (point) => `${point.variant.name}\n${key} = ${name(point)}\n` +
              `training ${spread(point.acc_train)}\ntest ${spread(point.acc_test)}`,
          }),
        ],
      });
    });
    // What all are compared with, where it is no line of its own here.
    const [first] = variants;
    const level = points.some(({ variant }) => variant === first) ? null : first?.acc_test?.mean;
    parent.append(make("p", { class: "caption" }, "Bars: a standard deviation either way. The ring marks the best on the test set.",
      level == null ? "" : ` The dashed line is ${first.name} on the test set.`,
      log && values[0] <= 0 ? " A logarithmic axis has no 0: it stands at the left end." : "",
      left_out ? ` Whatever else was varied is as at each variant’s best; ${left_out} more lines are left out.` : ""));
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
    const heads = ["variant", "value", "acc_train", "acc_test", "n"].map((text) => make("th", { scope: "col" }, text));
    // The deviation below its mean.
    const below = ({ mean, deviation }) =>
      [number(mean), finite(deviation) ? make("small", {}, `± ${number(deviation)}`) : ""];
    const star = () => make("span", { class: "star", role: "img", "aria-label": "best:" }, "★");
    const rows = points.map((point) => make("tr", {},
      named(point.variant),
      make("td", {}, brief(point.value)),
      make("td", {}, ...below(point.acc_train)),
      make("td", { class: point.best ? "best" : null }, point.best ? star() : "", ...below(point.acc_test)),
      make("td", {}, point.runs)));
    return make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  };

  for (const path of data.paths) {
    const { key } = path;
    const points = path.series.flatMap((one, at) => {
      const variant = variants.find(({ name }) => name === one.variant) ?? drawn({ name: one.variant }, at);
      return one.points.map((point) => ({ ...point, variant }));
    });
    const left = make("div");
    const right = make("div", { class: "scroll", role: "region", "aria-label": `Accuracies, ${key}`, tabindex: 0 });
    section("paths").append(make("h3", {}, key), make("div", { class: "path" }, left, right));
    picture(left, path, points);
    right.append(table(points));
  }
})();
