// Confusion matrices on the test images.
report.confusion = (() => {
  const { data, make, empty, state, classText, classHeaders, whyNoPredictions } = report;
  const { add, multiples, caption } = report.view;

  const errors = (rows) => rows.flatMap((row, label) => row.filter((_, prediction) => prediction !== label));

  add("confusion", (body) => {
    const some = state.shown().filter((group) => group.confusion);
    if (!some.length) return body.append(empty(whyNoPredictions()));
    const maxErrors = Math.max(1, d3.max(some.flatMap((group) => errors(group.confusion))));
    const cell = (count, label, prediction) => {
      if (prediction === label) return make("td", { class: "correct" }, count);
      // The square root keeps rare errors visible beside frequent ones.
      const style = count ? `--share: ${Math.sqrt(count / maxErrors).toFixed(3)}` : null;
      return make("td", { style }, count || "·");
    };
    const grid = multiples(body);
    for (const group of some) {
      const rows = group.confusion;
      const cells = rows.map((row, label) => make("tr", {},
        make("th", { scope: "row", title: classText(label) }, data.class_names[label]),
        ...row.map((count, prediction) => cell(count, label, prediction))));
      grid.append(make("figure", {},
        make("figcaption", {}, ...caption(group),
          `${d3.sum(errors(rows))} of ${d3.sum(rows.flat())} misclassified, seed ${group.seed}`),
        make("table", { class: "matrix", "aria-label": `Confusion matrix of ${group.name}` },
          make("thead", {}, make("tr", {}, make("th", { scope: "col" }, make("span", { class: "hidden" }, "label")), ...classHeaders())),
          make("tbody", {}, ...cells))));
    }
  });

  return { errors };
})();
