"use strict";

// What the other scripts share: the study's data, how each variant is drawn, and how elements are made.
globalThis.report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);

  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  // Every machine that browsers run on is little-endian, as the text is.
  const floats = (base64) => new Float32Array(bytes(base64).buffer);

  const COLOURS = 7;
  const SYMBOLS = ["circle", "square", "triangle", "diamond", "cross", "star", "wye"];
  const drawn = (variant, index) => {
    const colour = `var(--colour-${index % COLOURS})`;
    // Beyond seven, the same again but hollow.
    const fill = index < COLOURS ? colour : "var(--page)";
    return { ...variant, index, colour, fill, symbol: SYMBOLS[index % COLOURS] };
  };
  const variants = data.variants.map(drawn);
  for (const variant of variants) {
    for (const layer of variant.network?.layers ?? []) {
      layer.kernel = floats(layer.kernel);
      layer.bias = floats(layer.bias);
      for (const name in layer.batch_norm) layer.batch_norm[name] = floats(layer.batch_norm[name]);
    }
  }
  const misread = data.misread.map((digit) => ({ ...digit, pixels: bytes(digit.pixels) }));

  // An element; children that are no elements become text, never markup.
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  };

  // A name that may go on in the next line after an underscore.
  const breakable = (name) => name.split(/(?<=_)/).flatMap((part) => [part, make("wbr")]);
  // The heading of a variant's row.
  const named = ({ name }) => make("th", { scope: "row", title: name }, make("span", {}, ...breakable(name)));

  const section = (id) => document.getElementById(id);
  // Why a section is empty, instead of how it is to be read.
  const say = (id, text) => {
    section(id).querySelector("p")?.remove();
    section(id).append(make("p", { class: "empty" }, text));
  };

  // Why nothing is known of what the variants answer.
  const noAnswers = () => {
    if (!data.has_digits) return "The test digits were not at hand when this page was written.";
    return data.variants.length ? "No network that answers has been kept." : "No run has finished yet.";
  };

  // A digit in its own 28 × 28 pixels, to be enlarged by CSS.
  const picture = (pixels, label) => {
    const { side } = data;
    const canvas = make("canvas", { width: side, height: side, class: "digit", role: "img", "aria-label": label });
    paint(canvas, pixels);
    return canvas;
  };
  const paint = (canvas, pixels) => {
    const image = new ImageData(data.side, data.side);
    pixels.forEach((grey, place) => image.data.set([grey, grey, grey, 255], 4 * place));
    canvas.getContext("2d").putImageData(image, 0, 0);
  };

  // A variant's line and symbol, for legends.
  const swatch = (variant) => {
    const shape = d3[`symbol${variant.symbol[0].toUpperCase()}${variant.symbol.slice(1)}`];
    const svg = d3.create("svg").attr("class", "swatch").attr("viewBox", "-12 -6 24 12").attr("aria-hidden", true);
    svg.attr("stroke", variant.colour).attr("stroke-width", 1.5).attr("fill", variant.fill);
    svg.append("path").attr("d", "M-12,0H12");
    svg.append("path").attr("d", d3.symbol(shape, 50)());
    return svg.node();
  };

  const LARGE = 1e6; // from here on as a power of ten
  const number = (value, digits = 4) => {
    if (!Number.isFinite(value)) return "–";
    return (Math.abs(value) < LARGE ? value.toFixed(digits) : value.toExponential(1)).replace("-", "−");
  };
  // What stands at an axis.
  const tick = (value) => (value && Math.abs(value) >= LARGE ? value.toExponential(0) : d3.format("~r")(value));
  const spread = (of) => number(of?.mean) + (Number.isFinite(of?.deviation) ? ` ± ${number(of.deviation)}` : "");

  return { data, drawn, variants, misread, make, section, say, picture, paint, swatch, number, spread, tick,
    breakable, named, noAnswers };
})();
