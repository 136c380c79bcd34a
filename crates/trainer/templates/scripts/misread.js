// Digits that most variants get wrong, and what each took them for.
(() => {
  const { data, variants, make, section, say, picture, noAnswers } = report;

  // A button with the digit on it that puts it on the pad.
  report.loader = (digit) => {
    const text = `a ${digit.label}, test digit ${digit.index}`;
    const attributes = { type: "button", class: "load", "data-index": digit.index, title: `Load ${text} on the pad` };
    const button = make("button", attributes, picture(digit.pixels, text));
    button.addEventListener("click", () => report.pad.load(digit.pixels, text));
    return button;
  };

  if (!report.misread.length) {
    return say("misread", variants.some((variant) => variant.confusion)
      ? "There is no digit that most variants get wrong." : noAnswers());
  }
  const card = (digit) => {
    const load = report.loader(digit);
    load.addEventListener("click", () => section("pad").scrollIntoView());
    const answers = variants.flatMap(({ name }, at) => {
      const answer = digit.answers[at];
      if (answer == null) return [];
      const right = answer === digit.label;
      return [
        make("dt", { title: name }, name),
        make("dd", { class: right ? null : "wrong" }, right ? `${answer} ✓` : answer),
      ];
    });
    const caption = make("figcaption", {}, "a ", make("b", {}, digit.label), ` (no. ${digit.index})`);
    return make("figure", { class: "card" }, load, caption, make("dl", {}, ...answers));
  };
  section("misread").append(
    make("p", {}, `${report.misread.length} of ${data.misread_in_all}, those first that more variants misread. `,
      "What each variant took the digit for; ✓ marks those that read it rightly. ",
      "A picture that is pressed is loaded on the pad below."),
    make("div", { class: "cards" }, ...report.misread.map(card)));
})();
