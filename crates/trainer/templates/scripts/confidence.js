// Confidence: how sure the networks are on the test images, and how often they are right.
report.confidence = (() => {
  const { empty, table, state, number, spread, rowHeader } = report;
  const { add, figure, multiples, caption, common } = report.view;

  // Returns the bins that have images, with their ends.
  const filled = (bins) => bins.flatMap((bin, index) =>
    (bin.images ? [{ ...bin, left: index / bins.length, right: (index + 1) / bins.length }] : []));

  // Returns the opacity of a bin, by its share of the images in the fullest one.
  const opacity = ({ images }, bins) => 0.06 + 0.4 * Math.sqrt(images / d3.max(bins, (bin) => bin.images));

  const diagram = (group) => (width) => {
    const bins = filled(group.confidence.bins);
    return Plot.plot({
      ...common, width, height: 220, marginTop: 24, marginBottom: 34, ariaLabel: `Reliability of ${group.name}: accuracy by confidence`,
      x: { domain: [0, 1], label: "confidence →", ticks: 5 },
      y: { domain: [0, 1], label: "↑ accuracy", grid: true, ticks: 5 },
      opacity: { type: "identity" }, r: { type: "identity" },
      marks: [
        // The fewer images, the paler: few say little.
        Plot.rect(bins, { x1: "left", x2: "right", y1: 0, y2: "accuracy", fill: group.colour, inset: 0.5,
          fillOpacity: (bin) => opacity(bin, bins),
          title: (bin) => `${bin.images} images\nconfidence ${number(bin.confidence, 3)}\naccuracy ${number(bin.accuracy, 3)}` }),
        Plot.link([[0, 0, 1, 1]], { x1: 0, y1: 0, x2: 1, y2: 1, strokeDasharray: "4 4", strokeOpacity: 0.7 }),
        Plot.ruleX(bins, { x: "confidence", y1: "confidence", y2: "accuracy", stroke: "var(--ink)" }),
        Plot.dot(bins, { x: "confidence", y: "accuracy", fill: group.colour, stroke: "var(--page)", r: (bin) => 2 + 10 * opacity(bin, bins) }),
      ],
    });
  };

  add("confidence", (body) => {
    const some = state.shown().filter((group) => group.confidence);
    if (!some.length) return body.append(empty("Confidences were not recorded: the runs diverged."));
    body.append(table("Confidence on the test images", ["variant", "mean confidence", "accuracy", "calibration error", "negative log-likelihood"],
      some.map((group) => [rowHeader(group), spread(group.confidence.mean), spread(group.acc_test), spread(group.confidence.ece),
        spread(group.confidence.nll)])));
    const grid = multiples(body);
    for (const group of some) figure(grid, diagram(group), ...caption(group));
  });

  return { filled, opacity };
})();
