// The effect matrix: what each variant changes in comparison with the first.
report.effects = (() => {
  const { data, make, empty, table, rowHeader, state } = report;
  const { add } = report.view;
  const ARROWS = { higher: "↑", lower: "↓", undecided: "·" };

  // Returns whether a change is good, bad or neither.
  const judge = ({ good }, { change }) => {
    if (change === "undecided" || !good) return change === "undecided" ? "undecided" : "changed";
    return change === good ? "better" : "worse";
  };
  const cell = (group, quantity, index) => {
    const { value, effect, text } = group.quantities[index];
    if (!effect || !state.isCompared(group)) {
      return make("td", { class: "undecided", title: effect || group === state.first() ? null : text }, value);
    }
    const judged = judge(quantity, effect);
    const arrow = make("span", { "aria-hidden": "true" }, `${ARROWS[effect.change]}${effect.provisional ? "?" : ""} `);
    return make("td", { class: judged, title: text }, arrow, value, make("span", { class: "hidden" }, ` ${text}`));
  };

  add("effects", (body) => {
    const first = state.first();
    const groups = [first, ...state.shown().filter((group) => group !== first)].filter(Boolean);
    if (groups.length < 2) return body.append(empty("There is nothing to compare."));
    body.append(table("Effects", ["variant", ...data.quantities.map(({ label }) => label)], groups.map((group) =>
      [rowHeader(group), ...data.quantities.map((quantity, index) => cell(group, quantity, index))]), "effects"));
  });
  return { judge };
})();
