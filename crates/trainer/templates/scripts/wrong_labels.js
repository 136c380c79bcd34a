// Training images with wrong labels: who learns them by heart.
report.wrongLabels = (() => {
  const { data, wrongImages, groups, make, section, state, number, spread, table, empty, rowHeader, imageCanvas, classText } = report;
  const { add, figure, common, line, symbols, tip, epochs, epochRule } = report.view;
  const hasWrong = groups.some((group) => group.memorised);
  section("wrong-labels").hidden = !hasWrong;
  if (!hasWrong) return {};

  // Says what a network answers: the wrong label that it was given, the true class, or another.
  const verdict = (answer, { truth, given }) => {
    if (answer == null) return "–";
    if (answer === given) return "gives the wrong label";
    return answer === truth ? "sees the true class" : `says ${data.class_names[answer]}`;
  };

  add("wrong-labels", (body) => {
    const shown = state.shown().filter((group) => group.memorised);
    if (!shown.length) return body.append(empty("At this point no labels are wrong."));
    const points = shown.flatMap((group) => report.gap.recorded(group.curves, "memorised").map((point) => ({ ...point, group })));
    const last = d3.max(shown, (group) => group.curves.epochs.at(-1)) ?? 1;
    if (points.length) {
      figure(body, (width) => Plot.plot({
        ...common, width, height: 260, marginTop: 28, marginBottom: 36, ariaLabel: "Share of wrong labels given by epoch, by variant",
        x: epochs(width, last), y: { label: "↑ share of the wrong labels that the network gives", grid: true, domain: [0, 1], ticks: 5 },
        marks: [
          Plot.line(points, { ...line, x: "epoch", y: "value" }),
          symbols(points),
          epochRule(),
          tip(points, { x: "epoch", y: "value", title: ({ group, epoch, value }) => `${group.name}\nepoch ${epoch}: ${number(value)}` }),
        ],
      }));
    }
    body.append(table("Wrong labels given in the end", ["variant", "wrong labels given", "test accuracy"],
      shown.map((group) => [rowHeader(group), spread(group.memorised), spread(group.acc_test)])));
    const asked = shown.filter((group) => group.wrong_answers.length);
    if (!wrongImages.length || !asked.length) return;
    body.append(make("h3", {}, `${wrongImages.length} of the images`));
    const cards = make("div", { class: "cards" });
    wrongImages.forEach((image, index) => {
      const answers = asked.flatMap((group) => {
        const answer = group.wrong_answers[index];
        return [make("dt", { title: group.name }, group.name),
          make("dd", { class: answer === image.given ? "wrong" : null }, verdict(answer, image))];
      });
      cards.append(make("figure", { class: "card wide" },
        imageCanvas(image.pixels, `Training image ${image.index}, true class ${classText(image.truth)}`),
        make("figcaption", {}, "labelled ", make("b", {}, data.class_names[image.given]), ", truly ",
          make("b", {}, data.class_names[image.truth]), ` (no. ${image.index})`),
        make("dl", {}, ...answers)));
    });
    body.append(cards);
  });

  return { verdict };
})();
