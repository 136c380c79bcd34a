// Questions before answers: hides the sections, and shows them as the questions are answered.
report.questions = (() => {
  const { data, make, section, state } = report;
  const box = section("questions");
  const answered = new Set();

  // Returns the ids of the sections that are hidden while some questions are open.
  const hiddenSections = (questions, isAnswered) => {
    const open = questions.filter((_, index) => !isAnswered(index));
    return [...new Set(open.flatMap((question) => question.reveals))];
  };
  const isRight = (question, option) => question.answers.includes(option);

  const answer = (index, option) => {
    answered.add(index);
    const question = data.questions[index];
    const item = box.querySelectorAll("li")[index];
    const right = isRight(question, option);
    item.querySelectorAll("button").forEach((button) => {
      button.disabled = true;
      if (isRight(question, button.textContent)) button.classList.add("right");
    });
    item.append(make("p", { role: "status" }, make("b", {}, right ? "Yes. " : `No: ${question.answers.join(" and ")}. `),
      question.explanation, " Now shown: ", ...links(question)));
    show();
  };
  const links = ({ reveals }) => reveals.filter((id) => !section(id).dataset.absent).flatMap((id, index) =>
    [index ? ", " : "", make("a", { href: `#${id}`, "data-section": id }, section(id).querySelector("h2").textContent)]);

  const build = () => {
    answered.clear();
    box.querySelector("ol")?.remove();
    box.append(make("ol", {}, ...data.questions.map((question, index) => {
      const buttons = question.options.map((option) => {
        const button = make("button", { type: "button" }, option);
        button.addEventListener("click", () => answer(index, option));
        return button;
      });
      return make("li", {}, make("p", {}, question.text), make("div", { class: "legend", role: "group", "aria-label": question.text }, ...buttons));
    })));
  };
  // A link to a section scrolls, and keeps the address, which holds what is shown.
  box.addEventListener("click", (event) => {
    const id = event.target.dataset?.section;
    if (!id) return;
    event.preventDefault();
    section(id).scrollIntoView();
  });

  for (const { reveals } of data.questions) for (const id of reveals) if (section(id).hidden) section(id).dataset.absent = true;
  let wasOn = false;
  const show = () => {
    const isOn = state.get().predict && data.questions.length > 0;
    if (isOn && !wasOn) build();
    wasOn = isOn;
    box.hidden = !isOn;
    const hidden = isOn ? hiddenSections(data.questions, (index) => answered.has(index)) : [];
    for (const id of new Set(data.questions.flatMap(({ reveals }) => reveals))) {
      section(id).hidden = hidden.includes(id) || section(id).dataset.absent === "true";
    }
  };
  state.onChange(show);
  show();

  return { hiddenSections, isRight };
})();
