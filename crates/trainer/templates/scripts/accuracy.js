// The final accuracies on training and test images.
report.accuracy = (() => {
  const { make, empty, state, finite, number, spread } = report;
  const { add, figure, common } = report.view;

  add("accuracy", (body) => {
    const rows = state.shown().filter((group) => finite(group.acc_train?.mean) && finite(group.acc_test?.mean));
    if (!rows.length) return body.append(empty("There is nothing to show."));
    const train = (row) => row.acc_train.mean;
    const test = (row) => row.acc_test.mean;
    // The ends of the spreads, but no accuracy above 1.
    const ends = rows.flatMap(({ acc_train, acc_test }) => [acc_train, acc_test].flatMap(({ mean, deviation }) => [mean - (deviation ?? 0), mean + (deviation ?? 0)]));
    const [low, high] = d3.nice(...d3.extent(ends), 10);
    const y = "index";
    const text = { y, dy: -17, fill: "currentColor", stroke: "var(--page)", strokeWidth: 4 };
    const deviation = (metric, dy) => Plot.ruleY(rows.filter((row) => row[metric].deviation), {
      y, dy, strokeOpacity: 0.7, marker: "tick",
      x1: (row) => row[metric].mean - row[metric].deviation, x2: (row) => row[metric].mean + row[metric].deviation,
    });
    const deviations = rows.some((row) => row.acc_test.deviation);

    figure(body, (width) => Plot.plot({
      ...common, width, height: 52 * rows.length + 50, marginLeft: 12, marginTop: 8, marginBottom: 40,
      ariaLabel: "Accuracy on training and test images, by variant",
      x: {
        label: "accuracy (share classified correctly) →", labelAnchor: "center",
        grid: true, domain: [low, Math.min(high, 1)], insetRight: 8, ticks: width / 90,
      },
      y: { type: "band", axis: null },
      marks: [
        Plot.ruleX([test(rows[0])], { strokeDasharray: "4 4", strokeOpacity: 0.6 }),
        Plot.text(rows, {
          ...text, text: "name", title: "name", frameAnchor: "left", fontWeight: 600,
          lineWidth: (width - 120) / 15, textOverflow: "ellipsis",
        }),
        Plot.text(rows, {
          ...text, text: (row) => `gap ${number(row.gap.mean)}`, frameAnchor: "right",
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
    "○ training, ", make("span", { class: "accent" }, "◆"), " test; gap: training minus test. ",
    "The dashed line is the test accuracy of ", make("b", {}, rows[0].name), ".",
    deviations ? " Thin bars: ± one standard deviation over the seeds." : "");
  });
})();
