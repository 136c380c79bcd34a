// Views: the parts that the scripts draw, when they come near the window and when what is shown changes.
report.view = (() => {
  const { make, section, state, swatch } = report;
  const PRINT_WIDTH = 640;
  const NEAR = 800; // the distance from the window at which a view is drawn, in pixels
  const views = [];
  let [maxWidth, width] = [Infinity, innerWidth];
  let followers = []; // of the view that is drawn

  const draw = (view) => {
    view.isStale = false;
    view.followers = followers = [];
    // The page keeps its height meanwhile, so that it does not scroll.
    view.body.style.minHeight = `${view.body.offsetHeight}px`;
    view.body.replaceChildren();
    view.draw();
    view.body.style.minHeight = "";
  };
  const drawAll = () => views.forEach(draw);
  const update = () => views.forEach((view) => {
    view.isStale = true;
    if (view.isNear) draw(view);
  });
  // Calls a function of the marked epoch, now and when it changes, until the view is drawn again.
  const follow = (show) => {
    followers.push(show);
    show(state.get().epoch);
  };
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const view = views.find(({ body }) => body === target);
      view.isNear = isIntersecting;
      if (isIntersecting && view.isStale) draw(view);
    }
  }, { rootMargin: `${NEAR}px` });

  // Adds a view at the end of a section, or below its fold. `render` gets an empty element.
  const add = (id, render, fold = null) => {
    const body = make("div");
    section(id).append(fold ? make("details", {}, make("summary", {}, fold), body) : body);
    const hasVariants = () => state.shown().length || !report.groups.length;
    const draw = () => (hasVariants() ? render(body) : body.append(report.empty("All variants are hidden.")));
    const view = { body, draw, followers: [], isStale: true, isNear: false };
    views.push(view);
    observer.observe(body);
  };

  state.onChange((isOfEpoch) => {
    if (!isOfEpoch) return update();
    views.forEach((view) => view.followers.forEach((show) => show(state.get().epoch)));
  });
  addEventListener("resize", () => {
    if (innerWidth !== width) update();
    width = innerWidth;
  });
  // A chart wider than the paper would be scaled down when printed, its text too.
  addEventListener("beforeprint", () => {
    maxWidth = PRINT_WIDTH;
    document.body.classList.remove("guessing"); // what is hidden has no width
    drawAll();
  });
  addEventListener("afterprint", () => {
    maxWidth = Infinity;
    state.show({});
  });

  // Returns the rows that a chart draws, so far as a table can hold them.
  const rowsOf = ({ marks }) => {
    const drawn = marks.flat(Infinity).flatMap((mark) => Array.from(mark?.data ?? []));
    const rows = drawn.filter((row) => row?.constructor === Object).map(({ group, sets_no_scale, variant, ...row }) => {
      const plain = Object.entries(row).filter(([, value]) =>
        typeof value !== "object" && value !== undefined && value !== group?.name);
      return { ...(group || variant ? { variant: group?.name ?? variant } : {}), ...Object.fromEntries(plain) };
    });
    const named = rows.filter((row) => ["variant", "name", "split"].some((key) => key in row));
    return [...new Map((named.length ? named : rows).map((row) => [JSON.stringify(row), row])).values()];
  };
  // Returns a chart as a file of its own, with the page's colours.
  const fileOf = (svg) => {
    const style = getComputedStyle(document.documentElement);
    const copy = svg.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("style", "color: var(--ink); background: var(--page); font: 12px sans-serif");
    const text = new XMLSerializer().serializeToString(copy);
    return text.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  };
  // Makes the buttons that save a figure as SVG, and its data as CSV.
  const saveButtons = (label, svg, rows) => {
    const name = `${document.title} ${label}`.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase();
    const button = (type, mime, text) => {
      const made = make("button", { type: "button", "aria-label": `${type}: save ${label}` }, type);
      made.addEventListener("click", () => {
        const href = URL.createObjectURL(new Blob([text()], { type: mime }));
        make("a", { href, download: `${name}.${type.toLowerCase()}` }).click();
        URL.revokeObjectURL(href);
      });
      return made;
    };
    return make("span", { class: "save" }, button("SVG", "image/svg+xml", svg),
      button("CSV", "text/csv", () => d3.csvFormat(rows())));
  };

  // Marks the epoch with a rule on a chart; what comes later is pale.
  const markEpoch = (svg, x, { lastEpoch, height, marginTop, marginBottom }) => {
    const [pale, rule] = ["page", "accent"].map((colour) => d3.select(svg).append("rect").attr("y", marginTop)
      .attr("height", height - marginTop - marginBottom).attr("fill", `var(--${colour})`));
    pale.attr("fill-opacity", 0.8);
    follow((epoch) => {
      const at = x.apply(Math.min(Math.max(epoch ?? lastEpoch, 1), lastEpoch));
      pale.attr("x", at).attr("width", x.apply(lastEpoch) - at);
      rule.attr("x", at).attr("width", epoch === null ? 0 : 1.5);
    });
  };
  // Adds a figure of a chart that is as wide as there is room. `plot` returns the options of Plot.
  const figure = (parent, plot, ...caption) => {
    const frame = make("div", { class: "chart" });
    const captionBox = make("figcaption", {}, ...caption);
    parent.append(make("figure", {}, captionBox, frame));
    const options = plot(Math.max(Math.min(frame.clientWidth, maxWidth), 240)); // a window may have no width yet
    const chart = Plot.plot(options);
    const svg = chart.matches("svg") ? chart : chart.querySelector("svg");
    svg.setAttribute("role", "img");
    // The parts of an image have no labels of their own.
    for (const part of svg.querySelectorAll("[aria-label]")) {
      part.dataset.mark = part.getAttribute("aria-label");
      part.removeAttribute("aria-label");
    }
    frame.append(chart);
    if (options.lastEpoch) markEpoch(svg, chart.scale("x"), options);
    // A thumbnail is a button itself.
    if (parent.matches("button")) return;
    captionBox.append(saveButtons(options.ariaLabel, () => fileOf(svg), () => rowsOf(options)));
  };
  const multiples = (parent) => parent.appendChild(make("div", { class: "multiples" }));
  const caption = (group) => [swatch(group), make("b", { class: "name", title: group.name }, group.name)];

  const common = { marginLeft: 48, marginRight: 12, style: { fontSize: "12px" } };
  const symbol = ({ colour, fill, symbol }) => ({ symbol, r: 4, stroke: colour, fill, strokeWidth: 1.5 });
  const line = { stroke: ({ group }) => group.colour, z: ({ group }) => group.index, strokeWidth: 1.75 };
  // A tooltip that describes the point nearest to the pointer.
  const tip = (points, channels) => Plot.tip(points, Plot.pointer({ lineWidth: 18, ...channels }));
  // Symbols on some points of each line, at different epochs, so that overlapping lines can be told apart.
  const symbols = (points) => d3.groups(points, ({ group, split }) => `${group.name} ${split}`).map(([, some]) => {
    const every = Math.ceil(some.length / 6);
    const kept = some.filter((_, index) => some.length === 1 || (index + some[0].group.index) % every === 0);
    return Plot.dot(kept, { x: "epoch", y: "value", ...symbol(some[0].group), clip: true });
  });
  const epochs = (width, last) => ({ label: "epoch →", domain: last > 1 ? [1, last] : [0, 2], tickFormat: "d",
    ticks: d3.ticks(1, last, width / 80).filter(Number.isInteger) });

  const redraw = (body) => draw(views.find((view) => view.body === body));

  return { add, redraw, drawAll, rowsOf, fileOf, saveButtons, figure, multiples, caption, common, symbol, symbols, line,
    tip, epochs, follow };
})();
