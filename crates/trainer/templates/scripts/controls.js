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

  // Makes a slider over the values of a swept key, with a mark on its track at each value that is chosen there.
  const slider = ({ key, label, values }, index) => {
    const id = `slider-${label.replace(/\W/g, "-")}`;
    const input = make("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
    const [track, output] = [make("span", { class: "track" }, input), make("output", { for: id })];
    // The values where this slider is not moved.
    const starts = () => {
      const unmoved = variants.map((name) => state.groupAt(name, state.get().points.with(index, null)));
      return d3.groups(unmoved.filter(({ point }) => key in point), ({ point }) => point[key]);
    };
    input.addEventListener("input", () => {
      const [[start], ...others] = starts();
      const value = Number(input.value);
      state.change({ points: state.get().points.with(index, others.length || start !== value ? value : null) });
    });
    const show = (point) => {
      const all = starts();
      // Nothing is chosen over the keys of [data].
      const chosen = all.filter(([, own]) => own.some((group) => group.chosen) && !key.startsWith("data."));
      track.querySelectorAll("i").forEach((mark) => mark.remove());
      track.append(...chosen.map(([value]) => make("i", { style: `--at: ${value / Math.max(values.length - 1, 1)}` })));
      input.value = point ?? all[0][0];
      const isChosen = chosen.some(([value]) => value === Number(input.value));
      output.textContent = point === null && all.length > 1 ? `each ${chosen.length ? "chosen" : "its first"}`
        : values[input.value] + (isChosen ? " (chosen)" : "");
      input.setAttribute("aria-valuetext", output.textContent);
    };
    const element = make("div", { class: "slider" }, make("label", { for: id }, label), track, output);
    return { element, input, show };
  };
  const sliders = data.sliders.map(slider);
  const isChosen = groups.some(({ chosen }) => chosen);
  const back = make("button", { type: "button" }, isChosen ? "Chosen values" : "First values");
  back.addEventListener("click", () => {
    state.change({ points: state.initial().points });
    sliders[0].input.focus(); // the button is hidden now
  });

  const count = data.questions.length;
  const guess = make("button", { type: "button", id: "guess", class: "primary" });
  guess.addEventListener("click", () => {
    // The questions are about all variants, each at its own point.
    const asked = { guesses: [], hidden: new Set(), points: state.initial().points };
    state.change(state.get().guesses === null ? asked : { guesses: null });
  });
  const draw = make("button", { type: "button", class: "button" }, "Draw an image");
  draw.addEventListener("click", () => report.goTo("pad"));

  bar.append(
    make("div", { class: "legend", role: "group", "aria-label": "Variants shown" }, ...variantButtons),
    make("div", { class: "actions" }, count ? guess : "", draw));
  section("sliders").append(...sliders.map(({ element }) => element), back);

  for (const part of document.querySelectorAll("main > section[id]:not([hidden], #first)")) {
    const link = make("a", { href: `#${part.id}` }, part.querySelector("h2").textContent);
    link.addEventListener("click", (event) => {
      event.preventDefault(); // the fragment is the state's
      report.goTo(part.id);
    });
    document.querySelector("nav ul").append(make("li", {}, link));
  }

  const show = () => {
    const { hidden, points, guesses } = state.get();
    const names = new Set(state.all().map(({ name }) => name));
    variantButtons.forEach((button) => button.setAttribute("aria-pressed", !hidden.has(button.dataset.variant)));
    sliders.forEach((slider, index) => slider.show(points[index]));
    back.hidden = !state.isMoved();
    guess.replaceChildren(...guesses === null
      ? ["Guess first", make("span", {}, ` (${count} question${count > 1 ? "s" : ""})`)] : ["Show all"]);
    for (const row of document.querySelectorAll("#results tbody tr")) {
      row.hidden = hidden.has(row.dataset.variant);
      row.classList.toggle("current", state.isMoved() && names.has(row.dataset.name));
    }
  };
  // What is scrolled to stays clear of the bar.
  const clear = () => document.documentElement.style.setProperty("--bar-height", `${bar.offsetHeight}px`);
  new ResizeObserver(clear).observe(bar);
  state.onChange((isOfEpoch) => isOfEpoch || show());
  show();
})();
