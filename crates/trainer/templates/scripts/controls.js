// The bar of controls: variants, questions first, and sliders over what is swept.
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

  // Makes a slider over the values of a swept key, with a mark on its track at each value that is chosen.
  const slider = ({ key, label, values }, index) => {
    const own = groups.filter(({ point }) => key in point);
    const starts = [...new Set(own.filter((group) => group.shown).map(({ point }) => point[key]))];
    // Nothing is chosen over the keys of [data].
    const isChosen = own.some((group) => group.chosen) && !key.startsWith("data.");
    const id = `slider-${label.replace(/\W/g, "-")}`;
    const input = make("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
    const track = make("span", { class: "track" }, input);
    for (const value of isChosen ? starts : []) {
      const mark = make("i", { title: `chosen: ${values[value]}` });
      mark.style.setProperty("--at", value / Math.max(values.length - 1, 1));
      track.append(mark);
    }
    const output = make("output", { for: id });
    input.addEventListener("input", () => {
      const value = Number(input.value);
      const isStart = starts.length === 1 && starts[0] === value;
      state.change({ points: state.get().points.with(index, isStart ? null : value) });
    });
    const show = (point) => {
      input.value = point ?? starts[0];
      const isAtChosen = isChosen && starts.includes(Number(input.value));
      output.textContent = point === null && starts.length > 1 ? `each ${isChosen ? "chosen" : "its first"}`
        : values[input.value] + (isAtChosen ? " (chosen)" : "");
      input.setAttribute("aria-valuetext", output.textContent);
    };
    return { element: make("div", { class: "slider" }, make("label", { for: id }, label), track, output), show };
  };
  const sliders = data.sliders.map(slider);
  const back = make("button", { type: "button" }, "Back to the start");
  back.addEventListener("click", () => state.change({ points: state.initial().points }));

  const count = data.questions.length;
  const guess = make("button", { type: "button", id: "guess", class: "primary" });
  guess.addEventListener("click", () => {
    // The questions are about all variants, each at its own point.
    const asked = { guesses: [], hidden: new Set(), points: state.initial().points };
    state.change(state.get().guesses === null ? asked : { guesses: null });
  });
  const draw = make("button", { type: "button", class: "button" }, "Draw an image");
  draw.addEventListener("click", () => section("pad").scrollIntoView());

  bar.append(
    make("div", { class: "legend", role: "group", "aria-label": "Variants shown" }, ...variantButtons),
    make("div", { class: "actions" }, count ? guess : "", draw));
  section("sliders").append(...sliders.map(({ element }) => element), back);

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
    const names = new Set(state.all().map(({ name }) => name));
    variantButtons.forEach((button) => button.setAttribute("aria-pressed", !hidden.has(button.dataset.variant)));
    sliders.forEach((slider, index) => slider.show(points[index]));
    back.hidden = !state.isMoved();
    guess.textContent = guesses === null ? `Guess first (${count} question${count > 1 ? "s" : ""})` : "Show all";
    for (const row of document.querySelectorAll("#results tbody tr")) {
      row.hidden = hidden.has(row.dataset.variant);
      row.classList.toggle("current", state.isMoved() && names.has(row.dataset.name));
    }
  };
  // What is scrolled to stays clear of the bar.
  const clear = () => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`);
  new ResizeObserver(clear).observe(bar);
  state.onChange((isOfEpoch) => isOfEpoch || show());
  show();
})();
