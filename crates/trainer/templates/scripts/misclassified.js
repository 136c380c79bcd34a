// The images that most variants misclassify, with the predictions of each variant.
report.misread = (() => {
  const { data, groups, misclassified, make, empty, section, state, imageCanvas, classText, whyNoPredictions } = report;
  const { add } = report.view;

  // Makes a button that shows an image and loads it on the pad.
  const loadButton = (image) => {
    const text = `test image ${image.index}, labelled ${classText(image.label)}`;
    const attributes = { type: "button", class: "load", "data-index": image.index, title: `Load ${text}, on the pad` };
    const button = make("button", attributes, imageCanvas(image.pixels, text));
    button.addEventListener("click", () => report.pad.load(image.pixels, text));
    return button;
  };

  const card = (image, position) => {
    const load = loadButton(image);
    load.addEventListener("click", () => section("pad").scrollIntoView());
    const predictions = state.shown().flatMap(({ name, answers }) => {
      const prediction = answers[position];
      if (prediction == null) return [];
      const correct = prediction === image.label;
      return [
        make("dt", { title: name }, name),
        make("dd", { class: correct ? null : "wrong" }, correct ? `${data.class_names[prediction]} ✓` : data.class_names[prediction]),
      ];
    });
    const caption = make("figcaption", {}, "label ", make("b", {}, data.class_names[image.label]), ` (no. ${image.index})`);
    return make("figure", { class: "card" }, load, caption, make("dl", {}, ...predictions));
  };

  add("misclassified", (body) => {
    if (!misclassified.length) {
      const noImages = data.has_images ? "No image is misclassified by most variants."
        : "The test images were not available when this page was written.";
      return body.append(empty(groups.some((group) => group.confusion) ? noImages : whyNoPredictions()));
    }
    body.append(
      make("p", {}, `${misclassified.length} of ${data.misread_total}, those first that most variants misclassify, each at its own point. `,
        "Below each image is the class that each variant predicts; ✓ marks correct predictions. ",
        "Click an image to load it on the pad below."),
      make("div", { class: "cards" }, ...misclassified.map(card)));
  });

  return { loadButton };
})();
