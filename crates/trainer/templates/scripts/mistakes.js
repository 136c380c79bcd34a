// Test images that variants and the first one read differently, and those that most misread.
(() => {
  const { data, images, make, empty, state, imageCanvas, classText } = report;
  // The kinds are those to the first variant where no slider is moved.
  const first = report.variants.length ? state.groupAt(report.variants[0], state.initial().points) : null;
  const TITLES = {
    gained: `Misread by “${first?.name}”, read by others`,
    lost: `Read by “${first?.name}”, misread by others`,
    hard: "Misread by most",
  };

  // Makes a button that shows an image and loads it on the pad.
  const loadButton = (image) => {
    const text = `test image ${image.index}, labelled ${classText(image.label)}`;
    const attributes = { type: "button", class: "load", "data-index": image.index, title: `Load ${text}, on the pad` };
    const button = make("button", attributes, imageCanvas(image.pixels, text));
    button.addEventListener("click", () => {
      report.pad.load(image.pixels, text);
      report.goTo("pad");
    });
    return button;
  };

  const card = (image) => {
    const position = images.indexOf(image);
    const predictions = state.shown().flatMap(({ name, answers }) => {
      const prediction = answers[position];
      if (prediction == null) return [];
      const isRight = prediction === image.label;
      return [make("dt", { title: name }, name), make("dd", { class: isRight ? null : "wrong" },
        `${data.class_names[prediction]}${isRight ? " ✓" : ""}`)];
    });
    return make("figure", { class: "card" }, loadButton(image),
      make("figcaption", {}, "label ", make("b", {}, data.class_names[image.label]), ` (no. ${image.index})`),
      make("dl", {}, ...predictions));
  };
  const cards = (body, kind) => {
    const some = images.filter((image) => image.kind === kind);
    if (some.length) body.append(make("h3", {}, TITLES[kind]), make("div", { class: "cards" }, ...some.map(card)));
  };

  report.view.add("mistakes", (body) => {
    if (!images.length) {
      return body.append(empty(data.has_images ? "No image is misread by some and read by others."
        : "The test images were not available when this page was written."));
    }
    const hasDifferences = images.some(({ kind }) => kind !== "hard");
    cards(body, hasDifferences ? "gained" : "hard");
  });
  if (images.length) {
    report.view.add("mistakes", (body) => ["lost", "hard"].forEach((kind) => cards(body, kind)),
      "Images that the first variant reads and others misread, and those that most misread");
  }
})();
