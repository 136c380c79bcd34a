// Figures, legends and styles that the charts share.
report.figure = (() => {
  const { make, swatch } = report;
  const PRINT_WIDTH = 640;

  // Adds a figure that is drawn again when its width changes; returns the function that draws it again.
  const figure = (parent, plot, ...caption) => {
    const frame = make("div", { class: "chart" });
    parent.append(make("figure", {}, make("figcaption", {}, ...caption), frame));
    let width;
    const draw = (maxWidth = Infinity) => {
      width = frame.clientWidth;
      frame.replaceChildren(plot(Math.max(Math.min(width, maxWidth), 240))); // a window may have no width yet
    };
    addEventListener("resize", () => frame.clientWidth !== width && draw());
    // A chart wider than the paper would be scaled down when printed, its text too.
    addEventListener("beforeprint", () => draw(PRINT_WIDTH));
    addEventListener("afterprint", () => draw());
    draw();
    return draw;
  };

  // Adds buttons that show and hide variants; returns the set of shown variants.
  const legend = (parent, variants, onChange) => {
    const shown = new Set(variants);
    const buttons = variants.map((variant) => {
      const { name } = variant;
      const attributes = { type: "button", "aria-pressed": "true", "data-variant": name, title: name };
      const button = make("button", attributes, swatch(variant), make("span", {}, name));
      button.addEventListener("click", () => {
        if (!shown.delete(variant)) shown.add(variant);
        button.setAttribute("aria-pressed", shown.has(variant));
        onChange();
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
  // A tooltip that describes the point nearest to the pointer.
  const tip = (points, channels) => Plot.tip(points, Plot.pointer({ lineWidth: 18, ...channels }));

  return { figure, legend, finite, common, symbol, line, tip };
})();
