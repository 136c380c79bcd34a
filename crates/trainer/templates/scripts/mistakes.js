// Test images that variants and the first one read differently, and those that most misread.
(() => {
  const { data, images, make, empty, state, imageCanvas, classText } = report;
  // Returns the kind of an image. The given one is that where no slider is moved.
  const kindOf = ({ kind, label }, index) => {
    if (!state.isMoved()) return kind;
    const [first, ...others] = state.all().map(({ answers }) => answers[index] === label);
    return others.includes(!first) ? (first ? "lost" : "gained") : (first ? null : "hard");
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
  // Adds the images of a kind, if there are any.
  const cards = (body, kind) => {
    const { name } = state.first();
    const title = { gained: `Misread by “${name}”, read by others`, lost: `Read by “${name}”, misread by others`,
      hard: "Misread by most" }[kind];
    const some = images.filter((image, index) => kindOf(image, index) === kind);
    if (some.length) body.append(make("h3", {}, title), make("div", { class: "cards" }, ...some.map(card)));
    return some.length;
  };

  report.view.add("mistakes", (body) => {
    const reason = data.has_images ? "No image is misread by some and read by others."
      : "The test images were not available when this page was written.";
    if (!images.length) return body.append(empty(reason));
    const hasDifferences = images.some(({ kind }) => kind !== "hard");
    if (!cards(body, hasDifferences ? "gained" : "hard")) body.append(empty("None of these images at this point."));
  });
  if (!images.length) return;
  report.view.add("mistakes", (body) => ["lost", "hard"].forEach((kind) => cards(body, kind)),
    "Images that the first variant reads and others misread, and those that most misread");
})();
