// Questions before answers: hides the sections, and shows them as the questions are answered.
report.questions = (() => {
  const { data, make, section, state } = report;
  const box = section("questions");

  // Returns the ids of the sections that are hidden while some questions are open.
  const hiddenSections = (questions, isAnswered) => {
    const open = questions.filter((_, index) => !isAnswered(index));
    return [...new Set(open.flatMap((question) => question.sections))];
  };
  const isRight = (question, option) => question.answers.includes(option);

  // Shows the answer to a question. Without an option, it was answered before.
  const show = (index, option) => {
    const question = data.questions[index];
    const item = box.querySelectorAll("li")[index];
    item.querySelectorAll("button").forEach((button) => {
      button.setAttribute("aria-disabled", true);
      button.classList.toggle("right", isRight(question, button.textContent));
    });
    const isYes = option !== undefined && isRight(question, option);
    const verdict = isYes ? "Yes. " : `${question.answers.join(" and ")}. `;
    item.querySelector("[role=status]").replaceChildren(make("b", {}, verdict), question.explanation);
  };
  // The answered questions as the page shows them; null without questions.
  let drawn = null;
  const answer = (index, option) => {
    const answered = state.get().predict;
    if (answered.includes(index)) return;
    show(index, option);
    const predict = [...answered, index];
    drawn = predict.join();
    state.change({ predict });
  };

  const build = () => {
    box.querySelector("ol")?.remove();
    box.append(make("ol", {}, ...data.questions.map((question, index) => {
      const buttons = question.options.map((option) => {
        const button = make("button", { type: "button" }, option);
        button.addEventListener("click", () => answer(index, option));
        return button;
      });
      return make("li", {}, make("p", {}, question.text),
        make("div", { class: "legend", role: "group", "aria-label": question.text }, ...buttons),
        make("p", { role: "status" }));
    })));
    state.get().predict.forEach((index) => show(index));
  };

  const ids = [...new Set(data.questions.flatMap(({ sections }) => sections))];
  const absent = ids.filter((id) => section(id).hidden);
  const title = (id) => section(id).querySelector("h1, h2").textContent;
  const update = () => {
    const { predict } = state.get();
    const isOn = predict !== null && data.questions.length > 0;
    section("questions-shown")?.remove();
    if (isOn && predict.join() !== drawn) build();
    drawn = isOn ? predict.join() : null;
    box.hidden = !isOn;
    const hidden = isOn ? hiddenSections(data.questions, (index) => predict.includes(index)) : [];
    ids.forEach((id) => {
      section(id).hidden = hidden.includes(id) || absent.includes(id);
    });
    const shown = ids.filter((id) => !section(id).hidden).map(title);
    const list = shown.length ? `Shown below: ${shown.join(" ")}` : "Nothing is shown yet.";
    if (isOn) box.append(make("p", { id: "questions-shown" }, list));
  };
  state.onChange(update);
  update();

  return { hiddenSections, isRight };
})();
