// Shared by the other scripts: the study's data, the style of each variant, HTML elements and number formats.
"use strict";

globalThis.report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);

  const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  // The data is little-endian, as are all machines that browsers run on.
  const floats = (base64) => new Float32Array(bytes(base64).buffer);

  // The variants in the page's order. A group is a variant at a point of the sweep.
  const variants = [...new Set(data.groups.map((group) => group.variant))];
  // A preset has its own colour and symbol in every study; the other variants have the next ones.
  const PRESETS = ["none", "l2", "l1", "dropout", "batch_norm", "batch_norm_dropout"];
  const SYMBOLS = ["circle", "square", "triangle", "diamond", "cross", "star", "wye", "times"];
  const COLOURS = SYMBOLS.length;
  const others = variants.filter((name) => !PRESETS.includes(name));
  const style = (name) => {
    const index = PRESETS.includes(name) ? PRESETS.indexOf(name) : PRESETS.length + others.indexOf(name);
    const colour = `var(--colour-${index % COLOURS})`;
    // Variants beyond the colours reuse them with hollow symbols.
    const fill = index < COLOURS ? colour : "var(--page)";
    return { index, colour, fill, symbol: SYMBOLS[index % COLOURS] };
  };
  const groups = data.groups.map((group) => ({ ...group, ...style(group.variant) }));
  const withPixels = (image) => ({ ...image, pixels: bytes(image.pixels) });
  const images = data.images.map(withPixels);
  const wrongImages = data.wrong_images.map(withPixels);

  // Makes an element. Children that are not elements become text, never markup.
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  };

  // Returns the name of a class after its number: `label 3: Dress`.
  const isNamed = data.class_names.some((name, label) => name !== String(label));
  const classText = (label) => (isNamed ? `${label}: ${data.class_names[label]}` : String(label));
  // Makes the header cells of a matrix's columns, a class each. Long names are upright.
  const isLong = data.class_names.some((name) => name.length > 2);
  const classHeaders = () => data.class_names.map((name, label) => make("th",
    { scope: "col", class: isLong ? "upright" : null, title: classText(label) }, make("span", {}, name)));

  const rowHeader = ({ name }) => make("th", { scope: "row", title: name }, make("span", {}, name));
  const scroll = (label, ...children) =>
    make("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, ...children);
  // Makes a table in a box that scrolls. Rows begin with a header cell.
  const table = (label, headings, rows, style = null) => scroll(label,
    make("table", { class: style },
      make("thead", {}, make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows.map(([header, ...cells]) =>
        make("tr", {}, header, ...cells.map((cell) => (cell instanceof Element ? cell : make("td", {}, cell))))))));
  const empty = (text) => make("p", { class: "empty" }, text);

  const section = (id) => document.getElementById(id);
  const goTo = (id) => {
    section(id).scrollIntoView();
    section(id).querySelector("h2").focus();
  };

  // Makes a canvas of an image's own size, enlarged by CSS.
  const imageCanvas = (pixels, label) => {
    const { width, height } = data;
    const canvas = make("canvas", { width, height, class: "image", role: "img", "aria-label": label });
    paint(canvas, pixels);
    return canvas;
  };
  const paint = (canvas, pixels) => {
    const image = new ImageData(data.width, data.height);
    pixels.forEach((grey, index) => image.data.set([grey, grey, grey, 255], 4 * index));
    canvas.getContext("2d").putImageData(image, 0, 0);
  };

  const swatch = (variant) => {
    const shape = d3[`symbol${variant.symbol[0].toUpperCase()}${variant.symbol.slice(1)}`];
    const svg = d3.create("svg").attr("class", "swatch").attr("viewBox", "-12 -6 24 12").attr("aria-hidden", true);
    svg.attr("stroke", variant.colour).attr("stroke-width", 1.5).attr("fill", variant.fill);
    svg.append("path").attr("d", "M-12,0H12");
    svg.append("path").attr("d", d3.symbol(shape, 50)());
    return svg.node();
  };

  const finite = (value) => typeof value === "number" && Number.isFinite(value);
  const LARGE = 1e6; // the magnitude from which numbers are in scientific notation
  const number = (value, digits = 4) => {
    if (!finite(value)) return "–";
    return (Math.abs(value) < LARGE ? value.toFixed(digits) : value.toExponential(1)).replace("-", "−");
  };
  const tick = (value) => (value && Math.abs(value) >= LARGE ? value.toExponential(0) : d3.format("~r")(value));
  const percent = (share) => `${number(100 * share, 1)} %`;

  return { data, floats, bytes, style, variants, groups, images, wrongImages, make, table, scroll, empty,
    section, goTo, imageCanvas, paint, swatch, finite, number, percent, tick, rowHeader, classText, classHeaders };
})();
