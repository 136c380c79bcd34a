// The bar of controls: variants, sliders, an epoch, and questions first.
(() => {
  const { data, groups, variants, make, section, state, style, swatch } = report;
  const bar = section("controls");
  if (!groups.length) bar.hidden = true;

  const variantButtons = variants.map((name) => {
    const label = data.labels[name];
    const button = make("button", { type: "button", "data-variant": name, title: `${label}; double click: alone` },
      swatch(style(name)), make("span", {}, label));
    // The second click of two has undone the first.
    button.addEventListener("click", () => state.toggle(name));
    button.addEventListener("dblclick", () => state.only(name));
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
    slider(label, isChosen ? "chosen" : "first value", values, (point) => {
      const points = [...state.get().points];
      points[index] = point;
      state.change({ points });
    }));
  const epoch = slider("epoch", "none marked", state.epochs.map(String),
    (index) => state.change({ epoch: index === null ? null : state.epochs[index] }));

  const count = data.questions.length;
  const guess = make("button", { type: "button", id: "guess", class: "primary" });
  guess.addEventListener("click", () => {
    // The questions are about all variants, each at its own point.
    const asked = { guesses: [], hidden: new Set(), points: data.sliders.map(() => null) };
    state.change(state.get().guesses === null ? asked : { guesses: null });
  });
  const draw = make("button", { type: "button", class: "button" }, "Draw an image");
  draw.addEventListener("click", () => section("pad").scrollIntoView());

  bar.append(
    make("div", { class: "legend", role: "group", "aria-label": "Variants shown" }, ...variantButtons),
    make("div", { class: "actions" }, count ? guess : "", draw));
  const tools = [...sliders, ...(state.epochs.length > 1 ? [epoch] : [])];
  section("sliders").append(...tools.map(({ element }) => element));

  for (const part of document.querySelectorAll("main > section[id]:not([hidden], #first)")) {
    const link = make("a", { href: `#${part.id}` }, part.querySelector("h2").textContent);
    link.addEventListener("click", (event) => {
      event.preventDefault(); // the fragment is the state's
      part.scrollIntoView();
      part.querySelector("h2").focus();
    });
    document.querySelector("nav ul").append(make("li", {}, link));
  }

  const show = () => {
    const { hidden, points, guesses } = state.get();
    variantButtons.forEach((button) => button.setAttribute("aria-pressed", !hidden.has(button.dataset.variant)));
    sliders.forEach((slider, index) => slider.show(points[index]));
    epoch.show(state.get().epoch === null ? null : state.epochs.indexOf(state.get().epoch));
    const questions = `${count} question${count > 1 ? "s" : ""}`;
    guess.textContent = guesses === null ? `Guess first (${questions})` : "Show all";
    for (const row of document.querySelectorAll("#results tbody tr")) {
      row.hidden = hidden.has(row.dataset.variant);
    }
  };
  // What is scrolled to stays clear of the bar.
  const clear = () => {
    document.documentElement.style.scrollPaddingTop = `${bar.offsetHeight + 16}px`;
  };
  new ResizeObserver(clear).observe(bar);
  state.onChange(show);
  show();
})();
