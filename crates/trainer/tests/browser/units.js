// Unit tests of the report's modules, run in a report with a sweep. Returns the failures.
const failures = [];
const equal = (what, actual, expected) => {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
  if (one !== other) failures.push(`${what}: ${one}, expected ${other}`);
};

const { state, view, curves, weights, sweep, confidence, effects, network, pad, data, variants } = report;

// state
const start = state.parse("");
equal("an empty fragment", [start.hidden.size, start.points, start.epoch, start.guesses], [0, data.sliders.map(() => null), null, null]);
data.questions.unshift({ choices: [0, 0] }, { choices: [0, 0] });
for (const fragment of ["", `#hide=${variants[1]}`, "#at=1&epoch=2", `#hide=${variants.join(",")}&at=0&guess`, "#guess=1,0"]) {
  equal(`fragment ${fragment}`, state.format(state.parse(fragment)), fragment);
}
equal("only choices that there are can be guessed", state.format(state.parse("#guess=9,x")), "#guess");
data.questions.splice(0, 2);
equal("what does not fit is ignored", state.format(state.parse("#hide=nobody&at=1x,9&epoch=1e1&other=1")), "");
const moved = state.groupAt("dropout", [1]);
equal("a slider moves its variant", Object.values(moved.point), [1]);
equal("a variant without the key stays", state.groupAt("none", [1]).name, "none");
equal("an untouched slider shows the chosen point", state.groupAt("dropout", [null]).shown, true);

// curves
const list = [{ epoch: 2, value: 1 }, { epoch: 4, value: 3 }];
equal("points leave out what is missing", curves.points([1, 2, 3, 4], [null, 1, null, 3]), list);
equal("columns of the history have its epochs", curves.byEpoch({ epochs: [2, 4], val_acc: [1, 3] }, "val_acc"), list);
equal("recorded columns have their epochs", curves.recorded({ recorded: { epochs: [2, 4], columns: { acc: [1, 3] } } }, "acc"), list);
equal("an unknown column is empty", curves.recorded({ recorded: { epochs: [2], columns: {} } }, "acc"), []);
equal("join keeps common epochs", curves.join(list, [{ epoch: 4, value: 5 }]), [{ epoch: 4, training: 3, heldOut: 5 }]);
equal("at takes the very epoch", [curves.at(list, 3) ?? null, curves.at(list, 4)], [null, 3]);
const curve = (...values) => ({ training: values.map((value, index) => ({ epoch: index + 1, value })), heldOut: [], running: [] });
equal("a loss begins at 0", curves.range("loss", [curve(0.5, 0.4)])[0], 0);
const early = [curve(0.5, 0.4), curve(90, 0.5, 0.5), curve(0.3)];
equal("first losses far above the rest are cut off", [curves.range("loss", early)[1] < 2, curves.lastCut(curves.range("loss", early), early)], [true, 1]);
const late = [curve(0.5, 0.4), curve(90, 50)];
equal("last losses are not", curves.range("loss", late)[1] > 50, true);
equal("what sets no scale is left out", curves.range("loss", [curve(0.5), { ...curve(900), group: { sets_no_scale: true } }])[1], 0.5);
equal("without values there is a range", curves.range("loss", [curve()]), [0, 1]);
equal("accuracies span their range", curves.range("accuracy", [curve(0.5, 0.9)]), [0.5, 0.9]);

// weights
const columns = { acc: [], "hidden1.norm": [], "hidden1.silent": [], "output.norm": [] };
equal("layers are named by their columns", weights.layersOf([{ curves: { recorded: { columns } } }]), ["hidden1", "output"]);
equal("the largest weight is opaque", [weights.colour(0)[3], weights.colour(-127)[3]], [0, 254]);
equal("signs have their colours", weights.colour(1)[0] > weights.colour(-1)[0], true);
equal("an epoch shows the last picture before it", [0, 3, 5, 9, null].map((epoch) => weights.frameAt([0, 2, 4, 8], epoch)), [0, 1, 2, 3, 4]);
equal("without pictures by epoch there is the trained network", weights.frameAt([], 3), 0);

// sweep
const { log, position } = sweep.axis([0, 0.01, 0.1], true);
equal("0 stands a step to the left on a logarithmic axis", [log, Number(position(0).toFixed(6))], [true, -3]);
const point = { value: 1, acc: { mean: 0.9, deviation: 0.1 } };
const [along] = sweep.along([point, { value: 2 }], "acc", (mean) => 1 - mean, "test");
equal("errors have their spread", [along.y, along.low, along.high].map((value) => Number(value.toFixed(6))), [0.1, 0, 0.2]);

equal("a point that sets no scale is left out", sweep.along([{ ...point, sets_no_scale: true }], "acc", (mean) => mean, "test"), []);
// confidence
equal("the fullest bin is the least pale", Number(confidence.opacity({ images: 9 }, [{ images: 9 }, { images: 1 }]).toFixed(2)), 0.46);
const bins = [{ images: 0 }, { images: 3 }];
equal("empty bins are left blank", confidence.filled(bins), [{ images: 3, left: 0.5, right: 1 }]);

// effects
const judged = (change, good) => effects.judge({ good }, { change });
equal("a change has a judgement where a direction is good",
  [judged("higher", "higher"), judged("higher", "lower"), judged("undecided", "lower"), judged("lower", null)],
  ["better", "worse", "undecided", "changed"]);

// colours
equal("a preset keeps its colour", [report.style("dropout").index, report.style("none").symbol], [3, "circle"]);

// gains
const reference = state.first().name;
const helped = (name, mean, verdict, isSupported) =>
  ({ name, reference, help: { mean, verdict, is_supported: isSupported, provisional: false } });
const [better, undecided] = [helped("a", 0.02, "better", true), helped("b", 0.05, "undecided", false)];
const gains = (...groups) => report.first.gains(groups, { name: "none" }).text;
equal("only sure gains are called so", [gains(better), gains(undecided), gains(better, undecided), gains(undecided, undecided), gains(better, better)], [
  "a helps for sure, by 2.0 points.", "It is not sure that b helps.", "Of 2 variants 1 helps for sure, a, by 2.0 points.",
  "Of 2 variants none helps for sure.", "Of 2 variants 2 help for sure, most of all a, by 2.0 points.",
]);
equal("one network of each says nothing", gains(helped("a", 0.04, null, true)).endsWith("says nothing of the method."), true);
equal("what is compared with others is no gain", gains({ ...better, reference: "another" }).includes("helps"), false);

// saving
const drawn = [{ epoch: 1, value: 2, group: { name: "a" }, pixels: [0] }];
const dots = [Plot.dot(drawn, { x: "epoch", y: "value" }), [Plot.line(drawn, { x: "epoch", y: "value" })], null];
equal("the rows of a chart are plain and told once", view.rowsOf({ marks: dots }), [{ variant: "a", epoch: 1, value: 2 }]);
const chart = Plot.plot({ marks: [Plot.dot(drawn, { x: "epoch", y: "value", fill: "var(--ink)" })] });
const file = view.fileOf(chart);
equal("a saved chart has colours of its own", [file.includes("var(--ink"), file.includes("xmlns")], [false, true]);

view.drawAll();
const [OwnBlob, ownClick, saved] = [Blob, HTMLAnchorElement.prototype.click, []];
globalThis.Blob = function ([text]) { saved.push(text); return new OwnBlob([text]); };
HTMLAnchorElement.prototype.click = () => {};
document.querySelectorAll("#weights .kernel-rows figure:first-child .save button").forEach((button) => button.click());
[globalThis.Blob, HTMLAnchorElement.prototype.click] = [OwnBlob, ownClick];
const [svg, csv] = [saved[0], d3.csvParse(saved[1], d3.autoType)];
const { units, largest } = state.shown()[0].pictures;
equal("the first layer's pictures are saved", svg.includes('href="data:image/png;base64,'), true);
equal("their weights are saved", [csv.length, csv.columns], [units * pad.pixels().length, ["unit", "row", "column", "weight"]]);
const { unit, row, column, weight } = d3.greatest(csv.filter((one) => one.unit === state.shown()[0].pictures.learnt.at(-1) + 1),
  (one) => Math.abs(one.weight));
const kernels = document.querySelector("#weights .kernel-rows canvas").getContext("2d");
const [, , , alpha] = kernels.getImageData((unit - 1) * (data.width + 1) + column - 1, row - 1, 1, 1).data;
equal("a saved weight is that of its pixel", alpha, Math.round(2 * 127 * Math.abs(weight) / largest));

// network
const base64 = (...values) => btoa(String.fromCharCode(...new Uint8Array(new Float32Array(values).buffer)));
const tiny = { pixels: "raw", epsilon: 0, layers: [
  { inputs: 2, units: 1, kernel: base64(1, -1), bias: base64(0.5), batch_norm: null, layer_norm: null },
  { inputs: 1, units: 2, kernel: base64(1, 0), bias: base64(0, 0), batch_norm: null, layer_norm: null },
] };
const [first] = network.probabilities(tiny, [3, 2]);
equal("a network is evaluated", first.toFixed(6), (1 / (1 + Math.exp(-1.5))).toFixed(6));
equal("a negative sum is cut off", network.probabilities(tiny, [0, 9]), [0.5, 0.5]);

// pad
equal("a line is resampled", pad.resample(4, 2, (index) => index).map((value) => value.toFixed(3)), ["0.714", "2.286"]);
const drawing = document.getElementById("pad-canvas");
const ink = new Uint8Array(drawing.width * drawing.height);
equal("nothing drawn is nothing", d3.sum(pad.centred(ink)), 0);
ink.fill(255, 0, drawing.width * 20);
const whole = pad.whole(ink);
equal("a drawing as a whole keeps its place", [whole[0], whole.at(-1)], [255, 0]);

return failures;
