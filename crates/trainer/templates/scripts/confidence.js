// Confidence: how sure the networks are on the test images, and how often they are right.
report.confidence = (() => {
  const { empty, state, percent } = report;
  const { add, figure, multiples, caption, common } = report.view;

  const SHOWN = 3; // the variants whose diagrams are above the fold

  const filled = (bins) => bins.flatMap((bin, index) =>
    (bin.images ? [{ ...bin, left: index / bins.length, right: (index + 1) / bins.length }] : []));

  // Returns the opacity of a bin, by its share of the images in the fullest one.
  const opacity = ({ images }, bins) => 0.06 + 0.4 * Math.sqrt(images / d3.max(bins, (bin) => bin.images));

  const diagram = (group) => (width) => {
    const bins = filled(group.confidence.bins);
    return ({
      ...common, width, height: 220, marginTop: 24, marginBottom: 34,
      ariaLabel: `Reliability of ${group.name}: accuracy by confidence`,
      x: { domain: [0, 1], label: "confidence →", ticks: 5 },
      y: { domain: [0, 1], label: "↑ accuracy", grid: true, ticks: 5 },
      opacity: { type: "identity" }, r: { type: "identity" },
      marks: [
        // The fewer images, the paler: few say little.
        Plot.rect(bins, { x1: "left", x2: "right", y1: 0, y2: "accuracy", fill: group.colour, inset: 0.5,
          fillOpacity: (bin) => opacity(bin, bins),
          title: ({ images, confidence, accuracy }) =>
            `${images} images\nconfidence ${percent(confidence)}\naccuracy ${percent(accuracy)}` }),
        Plot.link([[0, 0, 1, 1]], { x1: 0, y1: 0, x2: 1, y2: 1, strokeDasharray: "4 4", strokeOpacity: 0.7 }),
        Plot.ruleX(bins, { x: "confidence", y1: "confidence", y2: "accuracy", stroke: "var(--ink)" }),
        Plot.dot(bins, { x: "confidence", y: "accuracy", fill: group.colour, stroke: "var(--page)",
          r: (bin) => 2 + 10 * opacity(bin, bins) }),
      ],
    });
  };

  const diagrams = (choose) => (body) => {
    const some = choose(state.shown().filter((group) => group.confidence));
    if (!some.length) return body.append(empty("There is nothing to show."));
    const grid = multiples(body);
    for (const group of some) figure(grid, diagram(group), ...caption(group));
  };
  add("confidence", diagrams((groups) => groups.slice(0, SHOWN)));
  if (report.variants.length > SHOWN) add("confidence", diagrams((all) => all.slice(SHOWN)), "The others");

  return { filled, opacity };
})();
