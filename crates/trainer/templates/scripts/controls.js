// The bar of controls: variants, sliders, an epoch, and questions first.
report.controls = (() => {
  const { data, groups, variants, make, section, state, style, swatch } = report;
  const bar = section("controls");
  if (!groups.length) bar.hidden = true;

  const variantButtons = variants.map((name, index) => {
    const button = make("button", { type: "button", "data-variant": name, title: name }, swatch(style(index)), make("span", {}, name));
    button.addEventListener("click", () => state.toggle(name));
    return button;
  });

  // Makes a slider with its text. The first position is `none`.
  const slider = (label, none, values, onInput) => {
    const id = `slider-${label.replace(/\W/g, "-")}`;
    const input = make("input", { type: "range", id, min: 0, max: values.length, step: 1 });
    const output = make("output", { for: id });
    input.addEventListener("input", () => onInput(input.value === "0" ? null : input.value - 1));
    const show = (index) => {
      input.value = index === null ? 0 : index + 1;
      output.textContent = index === null ? none : values[index];
      input.setAttribute("aria-valuetext", output.textContent);
    };
    return { element: make("div", { class: "slider" }, make("label", { for: id }, label), input, output), show };
  };
  const isChosen = groups.some((group) => group.chosen);
  const sliders = data.sliders.map(({ label, values }, index) =>
    slider(label, isChosen ? "chosen by held-out images" : "first value", values, (point) => {
      const points = [...state.get().points];
      points[index] = point;
      state.change({ points });
    }));
  const epoch = slider("epoch", "none marked", state.epochs.map(String),
    (index) => state.change({ epoch: index === null ? null : state.epochs[index] }));

  const predict = make("input", { type: "checkbox", id: "predict", role: "switch" });
  predict.addEventListener("change", () => state.change(predict.checked
    // The questions are about all variants, each at its own point.
    ? { predict: [], hidden: new Set(), points: data.sliders.map(() => null) } : { predict: null }));
  const predictSwitch = make("label", { class: "switch" }, predict, "Predict first");

  bar.append(
    make("div", { class: "legend", role: "group", "aria-label": "Variants shown" }, ...variantButtons),
    make("div", { class: "sliders" }, ...sliders.map(({ element }) => element), state.epochs.length > 1 ? epoch.element : "",
      data.questions.length ? predictSwitch : ""));

  const show = () => {
    const { hidden, points, predict: isPredicting } = state.get();
    variantButtons.forEach((button) => button.setAttribute("aria-pressed", !hidden.has(button.dataset.variant)));
    sliders.forEach((slider, index) => slider.show(points[index]));
    epoch.show(state.get().epoch === null ? null : state.epochs.indexOf(state.get().epoch));
    predict.checked = isPredicting !== null;
    section("summary-note").hidden = !state.isMoved();
  };
  // What is scrolled to stays clear of the bar.
  const clear = () => {
    document.documentElement.style.scrollPaddingTop = `${bar.offsetHeight + 16}px`;
  };
  new ResizeObserver(clear).observe(bar);
  state.onChange(show);
  show();
  return { show };
})();
