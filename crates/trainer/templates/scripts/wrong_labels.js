// Training images with wrong labels: who learns them by heart.
report.wrongLabels = (() => {
  const { data, wrongImages, groups, make, section, state, empty, imageCanvas, classText } = report;
  const { add, figure } = report.view;
  section("wrong-labels").hidden = !groups.some((group) => group.memorised);

  // Says what a network answers: the wrong label that it was given, the true class, or another.
  const verdict = (answer, { truth, given }) => {
    if (answer == null) return "–";
    if (answer === given) return `${data.class_names[given]}, as told`;
    return answer === truth ? `${data.class_names[truth]} ✓` : data.class_names[answer];
  };

  // The images on which the shown variants differ most come first.
  const cards = (body, count) => {
    const asked = state.shown().filter((group) => group.wrong_answers.length);
    if (!wrongImages.length || !asked.length) return;
    const isGiven = (index) => ({ wrong_answers: answers }) => answers[index] === wrongImages[index].given;
    const kinds = (index) => new Set(asked.map(isGiven(index))).size;
    const order = d3.sort(d3.range(wrongImages.length), (index) => -kinds(index)).slice(0, count);
    const box = body.appendChild(make("div", { class: "cards wide" }));
    for (const index of order) {
      const image = wrongImages[index];
      const answers = asked.flatMap((group) => {
        const answer = group.wrong_answers[index];
        return [make("dt", { title: group.name }, group.name),
          make("dd", { class: answer === image.given ? "wrong" : null }, verdict(answer, image))];
      });
      box.append(make("figure", { class: "card" },
        imageCanvas(image.pixels, `Training image ${image.index}, true class ${classText(image.truth)}`),
        make("figcaption", {}, "a ", make("b", {}, data.class_names[image.truth]), ", labelled ",
          make("b", {}, data.class_names[image.given])),
        make("dl", {}, ...answers)));
    }
  };

  add("wrong-labels", (body) => {
    const shown = state.shown().filter((group) => group.memorised);
    if (!shown.length) return body.append(empty("At this point no labels are wrong."));
    const y = { domain: [0, 1], tickFormat: "%" };
    figure(body, report.curves.column("memorised", "share of the wrong labels given", shown,
      report.curves.lastEpoch(shown), y), "Share of the wrong labels that the network gives, by epoch");
  });
  add("wrong-labels", (body) => cards(body, wrongImages.length), "Some of the images, and who gives which label");

  return { verdict, cards };
})();
