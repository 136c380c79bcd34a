// What came of settings that were varied: a picture and a table for each.
(() => {
  const { data, drawn, variants, make, section, spread, named } = report;
  const { figure, legend, finite, common, symbol, line, tip } = report.figure;
  section("paths").hidden = !data.paths.length;

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
        ticks: ticks.map(place), tickFormat: (at) => String(ticks.find((value) => place(value) === at)),
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

    const redraw = figure(parent, (width) => {
      const split = (of) => {
        const some = points.filter((point) => shown.has(point.variant) && finite(point[of]?.mean));
        const y = (point) => point[of].mean;
        const bars = Plot.ruleX(some.filter((point) => point[of].deviation), {
          x, stroke: colour,
          y1: (point) => point[of].mean - point[of].deviation, y2: (point) => point[of].mean + point[of].deviation,
        });
        return { some, y, bars };
      };
      const train = split("acc_train");
      const test = split("acc_test");
      return Plot.plot({
        ...common, width, height: 330, marginBottom: 42, ariaLabel: `Accuracy against ${key}, by variant`,
        x: { label: `${key}${log ? " (logarithmic)" : ""} →`, ...options(width) },
        y: { label: "↑ accuracy", grid: true, nice: true },
        marks: [
          Plot.line(train.some, { ...line, x, y: train.y, strokeDasharray: "3 3", sort: "value" }),
          train.bars,
          Plot.dot(train.some, { x, y: train.y, r: 2.5, stroke: colour, fill: "var(--page)" }),
          Plot.line(test.some, { ...line, x, y: test.y, sort: "value" }),
          test.bars,
          Plot.dot(test.some.filter((point) => point.best), { x, y: test.y, r: 9, stroke: "currentColor" }),
          [...shown].map((variant) =>
            Plot.dot(test.some.filter((point) => point.variant === variant), { x, y: test.y, ...symbol(variant) })),
          tip(test.some, {
            x, y: test.y,
            title: (point) => `${point.variant.name}\n${key} = ${point.value}\n` +
              `training ${spread(point.acc_train)}\ntest ${spread(point.acc_test)}`,
          }),
        ],
      });
    }, "Solid: test. Dashed: training. The ring marks the best on the test set.",
    log && values[0] <= 0 ? " A logarithmic axis has no 0: it stands at the left end." : "",
    left_out ? ` Whatever else was varied is as at each variant’s best; ${left_out} more lines are left out.` : "");
  };

  const table = (points) => {
    const heads = ["variant", "value", "acc_train", "acc_test", "n"].map((text) => make("th", { scope: "col" }, text));
    const star = () => make("span", { class: "star", role: "img", "aria-label": "best:" }, "★");
    const rows = points.map((point) => make("tr", {},
      named(point.variant),
      make("td", {}, point.value),
      make("td", {}, spread(point.acc_train)),
      make("td", { class: point.best ? "best" : null }, point.best ? star() : "", spread(point.acc_test)),
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
