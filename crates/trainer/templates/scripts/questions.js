// Questions before answers, one at a time. Meanwhile the rest of the page is hidden.
(() => {
  const { data, make, section, state } = report;
  const { figure, common } = report.view;
  const box = section("questions").appendChild(make("div"));
  const last = data.questions.length - 1;
  let at = Math.max((state.get().guesses?.length ?? 0) - 1, 0); // the question that is asked, or answered

  const answered = ({ choices, measure, why }, guess) => {
    const right = choices.filter((choice) => choice.is_right).map(({ name }) => name);
    const verdict = choices[guess].is_right ? "Yes: " : "No: ";
    const attributes = { type: "button", class: "primary", "aria-describedby": "answer" };
    const next = make("button", attributes, at === last ? "Show all" : "Next question");
    next.addEventListener("click", () => {
      if (at === last) return state.change({ guesses: null });
      at += 1;
      draw();
      box.querySelector("h2").focus();
    });
    const answer = [make("b", {}, verdict + right.join(" and ")), `. ${why}`];
    box.append(make("p", { role: "status", id: "answer" }, ...answer), next);
    // The quantity of each choice, the right ones green.
    figure(box, (width) => ({
      ...common, width, height: 34 * choices.length + 56, marginLeft: 150, marginRight: 60, marginBottom: 40,
      ariaLabel: measure,
      x: { label: measure, labelAnchor: "center", labelArrow: "none", grid: true, nice: true, ticks: width / 90 },
      y: { label: null, domain: choices.map(({ name }) => name), tickSize: 0 },
      marks: [
        Plot.dot(choices, { x: "value", y: "name", r: 6, fill: (one) => `var(--${one.is_right ? "good" : "bar"})` }),
        Plot.text(choices, { x: "value", y: "name", text: "text", dx: 12, textAnchor: "start" }),
      ],
    }));
    next.focus();
  };
  const draw = () => {
    const { guesses } = state.get();
    const question = data.questions[at];
    box.replaceChildren(make("h2", { tabindex: -1 }, question.text),
      make("p", { class: "caption" }, `Question ${at + 1} of ${last + 1}`));
    const buttons = question.choices.map(({ name, is_right: isRight }, index) => {
      const button = make("button", { type: "button", "aria-pressed": String(guesses[at] === index) }, name);
      if (guesses[at] === undefined) {
        button.addEventListener("click", () => state.change({ guesses: [...guesses, index] }));
      } else {
        button.disabled = true;
        if (guesses[at] === index) button.append(" (your guess)");
        button.classList.toggle("right", isRight);
      }
      return button;
    });
    box.append(make("div", { class: "choices", role: "group", "aria-label": question.text }, ...buttons));
    if (guesses[at] !== undefined) answered(question, guesses[at]);
  };
  const update = () => {
    const { guesses } = state.get();
    const isAsking = guesses !== null && data.questions.length > 0;
    const isNew = section("questions").hidden === isAsking;
    document.body.classList.toggle("guessing", isAsking);
    section("questions").hidden = !isAsking;
    if (!isAsking) return isNew && section("guess").focus({ preventScroll: true });
    // The question that was answered last stays until the next one is asked for.
    if (guesses.length <= at || guesses.length > at + 1) at = Math.min(guesses.length, last);
    draw();
    if (isNew) box.querySelector("h2").focus();
  };
  state.onChange((isOfEpoch) => isOfEpoch || update());
  update();
})();
