// What is shown: variants, sweep points, an epoch, guesses. It is kept in the address, so that a link shows the same.
report.state = (() => {
  const { data, variants, groups } = report;
  // The epochs that can be marked: those that were recorded, and the start that pictures have.
  const recorded = groups.flatMap(({ curves }) => curves.recorded.epochs);
  const hasStart = groups.some(({ pictures }) => pictures?.epochs[0] === 0);
  const epochs = d3.sort(new Set(hasStart ? [0, ...recorded] : recorded));
  // Reads a whole number; NaN from anything else.
  const whole = (text) => (/^\d+$/.test(text ?? "") ? Number(text) : NaN);

  // The points of the sliders: an index into a slider's values, or null where each variant is at its own point. While
  // questions are asked, `guesses` has the index of the choice for each that is answered.
  const initial = () => ({ hidden: new Set(), points: data.sliders.map(() => null), epoch: null, guesses: null });

  // Returns the state that an address's fragment describes. Whatever does not fit is ignored.
  const parse = (fragment) => {
    const state = initial();
    const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
    const hidden = (parameters.get("hide") ?? "").split(",");
    state.hidden = new Set(hidden.filter((name) => variants.includes(name)));
    const points = (parameters.get("at") ?? "").split(",");
    state.points = data.sliders.map(({ values }, index) => {
      const point = whole(points[index]);
      return point < values.length ? point : null;
    });
    const epoch = whole(parameters.get("epoch"));
    state.epoch = epochs.includes(epoch) ? epoch : null;
    if (parameters.has("guess") && data.questions.length) {
      const guesses = parameters.get("guess").split(",").map(whole);
      const isChoice = (guess, index) => guess < (data.questions[index]?.choices.length ?? 0);
      state.guesses = guesses.every(isChoice) ? guesses : [];
    }
    return state;
  };

  const format = ({ hidden, points, epoch, guesses }) => {
    const parts = [];
    if (hidden.size) parts.push(`hide=${[...hidden].map(encodeURIComponent).join(",")}`);
    if (points.some((point) => point !== null)) parts.push(`at=${points.map((point) => point ?? "").join(",")}`);
    if (epoch !== null) parts.push(`epoch=${epoch}`);
    if (guesses) parts.push(guesses.length ? `guess=${guesses.join(",")}` : "guess");
    return parts.length ? `#${parts.join("&")}` : "";
  };

  // Returns a variant's group at the points of the sliders. A key whose slider is not moved is as in the group that is
  // chosen for the values of the other keys, or that is shown first. So is every key where there is no such group.
  const groupAt = (variant, points) => {
    const own = groups.filter((group) => group.variant === variant);
    const start = own.find((group) => group.shown) ?? own[0];
    const moved = Object.fromEntries(data.sliders.map(({ key }, index) => [key, points[index]])
      .filter(([key, point]) => key in start.point && point !== null));
    const wanted = { ...start.point, ...moved };
    const fits = (keys) => ({ point }) => keys.every((key) => point[key] === wanted[key]);
    const keys = Object.keys(wanted);
    const some = own.filter(fits(keys.filter((key) => key in moved || key.startsWith("data."))));
    return some.find((group) => group.chosen) ?? some.find(fits(keys)) ?? start;
  };

  let current = parse(location.hash);
  const listeners = [];
  const isMoved = () => current.points.some((point) => point !== null);
  // The group that all others are compared with, shown or not.
  const first = () => variants.length && groupAt(variants[0], current.points);
  // Returns whether a group's differences are those from the first one.
  const isCompared = ({ reference }) => reference === first().name;
  const all = () => variants.map((variant) => groupAt(variant, current.points));
  const shown = () => all().filter((group) => !current.hidden.has(group.variant));

  // Listeners get true if only the epoch changes.
  const show = (changes) => {
    const isOfEpoch = Object.keys(changes).join() === "epoch";
    current = { ...current, ...changes };
    listeners.forEach((listener) => listener(isOfEpoch));
  };
  const save = () => history.replaceState(null, "", location.pathname + location.search + format(current));
  const change = (changes) => {
    show(changes);
    save();
  };
  const toggle = (variant) => {
    const hidden = new Set(current.hidden);
    if (!hidden.delete(variant)) hidden.add(variant);
    change({ hidden });
  };
  // Shows one variant alone, or all if it is alone.
  const only = (variant) => {
    const others = variants.filter((name) => name !== variant);
    const isAlone = others.every((name) => current.hidden.has(name));
    change({ hidden: new Set(isAlone ? [] : others) });
  };
  addEventListener("hashchange", () => show(parse(location.hash)));

  return {
    epochs, parse, format, initial, groupAt, isMoved, all, first, isCompared, shown, show, save, change, toggle,
    only, get: () => current, onChange: (listener) => listeners.push(listener),
  };
})();
