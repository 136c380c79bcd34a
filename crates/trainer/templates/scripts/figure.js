// What the charts have in common.
report.figure = (() => {
  const { make, swatch } = report;
  const PAPER = 640;

  // A figure whose picture is drawn anew when there is more or less room for it; returns how to do so.
  const figure = (parent, plot, ...caption) => {
    const frame = make("div", { class: "chart" });
    parent.append(make("figure", {}, make("figcaption", {}, ...caption), frame));
    let width;
    const draw = (most = Infinity) => {
      width = frame.clientWidth;
      frame.replaceChildren(plot(Math.max(Math.min(width, most), 240))); // a window may have no width yet
    };
    addEventListener("resize", () => frame.clientWidth !== width && draw());
    // What is wider than paper would be made smaller, and its text with it.
    addEventListener("beforeprint", () => draw(PAPER));
    addEventListener("afterprint", () => draw());
    draw();
    return draw;
  };

  // Buttons that name the variants and switch them off and on; returns the set of those that are on.
  const legend = (parent, variants, changed) => {
    const shown = new Set(variants);
    const buttons = variants.map((variant) => {
      const { name } = variant;
      const attributes = { type: "button", "aria-pressed": "true", "data-variant": name, title: name };
      const button = make("button", attributes, swatch(variant), make("span", {}, name));
      button.addEventListener("click", () => {
        if (!shown.delete(variant)) shown.add(variant);
        button.setAttribute("aria-pressed", shown.has(variant));
        changed();
      });
      return button;
    });
    parent.append(make("div", { class: "legend", role: "group", "aria-label": "Variants shown" }, ...buttons));
    return shown;
  };

  const finite = (value) => typeof value === "number" && Number.isFinite(value);
  const common = { marginLeft: 48, marginRight: 12, style: { fontSize: "12px" } };
  const symbol = ({ colour, fill, symbol }) => ({ symbol, r: 4, stroke: colour, fill, strokeWidth: 1.5 });
  const line = { stroke: ({ variant }) => variant.colour, z: ({ variant }) => variant.index, strokeWidth: 1.75 };
  // Follows the pointer and says in words what is next to it.
  const tip = (points, channels) => Plot.tip(points, Plot.pointer({ lineWidth: 18, ...channels }));

  return { figure, legend, finite, common, symbol, line, tip };
})();
