// What is shown: variants, sweep points, an epoch, and whether questions come first. It is kept in the address, so that a link
// shows the same.
report.state = (() => {
  const { data, variants, groups } = report;
  const last = d3.max(groups, ({ curves }) => curves.running_loss.length) ?? 0;

  // The points of the sliders: an index into a slider's values, or null where each variant is at its own point.
  const initial = () => ({ hidden: new Set(), points: data.sliders.map(() => null), epoch: null, predict: false });

  // Returns the state that an address's fragment describes. Whatever does not fit is ignored.
  const parse = (fragment) => {
    const state = initial();
    const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
    for (const name of (parameters.get("hide") ?? "").split(",")) if (variants.includes(name)) state.hidden.add(name);
    const points = (parameters.get("at") ?? "").split(",");
    state.points = data.sliders.map(({ values }, index) => {
      const point = Number.parseInt(points[index], 10);
      return point >= 0 && point < values.length ? point : null;
    });
    const epoch = Number.parseInt(parameters.get("epoch"), 10);
    state.epoch = epoch >= 1 && epoch <= last ? epoch : null;
    state.predict = parameters.has("predict");
    return state;
  };

  const format = ({ hidden, points, epoch, predict }) => {
    const parts = [];
    if (hidden.size) parts.push(`hide=${[...hidden].map(encodeURIComponent).join(",")}`);
    if (points.some((point) => point !== null)) parts.push(`at=${points.map((point) => point ?? "").join(",")}`);
    if (epoch !== null) parts.push(`epoch=${epoch}`);
    if (predict) parts.push("predict");
    return parts.length ? `#${parts.join("&")}` : "";
  };

  // Returns a variant's group at the points of the sliders. A key whose slider is not moved, or at which the variant has no
  // group, is as in the group that is shown first.
  const groupAt = (variant, points) => {
    const own = groups.filter((group) => group.variant === variant);
    const start = own.find((group) => group.shown) ?? own[0];
    const wanted = { ...start.point };
    data.sliders.forEach(({ key }, index) => {
      if (key in wanted && points[index] !== null) wanted[key] = points[index];
    });
    const fits = ({ point }) => Object.entries(wanted).every(([key, index]) => point[key] === index);
    return own.find(fits) ?? start;
  };

  let current = parse(location.hash);
  const listeners = [];
  const all = () => variants.map((variant) => groupAt(variant, current.points));
  const shown = () => all().filter((group) => !current.hidden.has(group.variant));

  const show = (state) => {
    current = state;
    listeners.forEach((listener) => listener());
  };
  const change = (changes) => {
    show({ ...current, ...changes });
    history.replaceState(null, "", location.pathname + location.search + format(current));
  };
  const toggle = (variant) => {
    const hidden = new Set(current.hidden);
    if (!hidden.delete(variant)) hidden.add(variant);
    change({ hidden });
  };
  addEventListener("hashchange", () => show(parse(location.hash)));

  return {
    last, parse, format, groupAt, all, shown, change, toggle,
    get: () => current, onChange: (listener) => listeners.push(listener),
  };
})();
