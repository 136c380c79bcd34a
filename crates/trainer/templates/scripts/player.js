// Players: in a section that has an epoch, a button and a slider that move it.
report.player = (() => {
  const { make, section, state } = report;
  const SECONDS = 8; // from the first epoch to the last
  const isStill = matchMedia("(prefers-reduced-motion: reduce)");
  const end = state.epochs.length; // the slider's position of the end of training, where no epoch is marked
  const players = [];
  let timer = null;

  const position = () => {
    const { epoch } = state.get();
    return epoch === null ? end : state.epochs.indexOf(epoch);
  };
  const epochAt = (position) => state.epochs[position] ?? null;
  // Stops, and writes the epoch to the address, which browsers let change a few times a second.
  const pause = () => {
    cancelAnimationFrame(timer);
    timer = null;
    show();
    state.save();
  };
  const play = () => {
    const from = position() === end ? 0 : position();
    const began = performance.now();
    const step = (now) => {
      const at = Math.min(from + Math.floor(Math.max(now - began, 0) / 1000 * end / SECONDS), end);
      timer = requestAnimationFrame(step);
      if (at !== position()) state.show({ epoch: epochAt(at) });
      if (at === end || state.get().guesses) pause();
    };
    timer = requestAnimationFrame(step);
    state.show({ epoch: epochAt(from) });
  };
  const press = () => {
    if (timer !== null) return pause();
    if (!isStill.matches) return play();
    state.change({ epoch: epochAt(position() === end ? 0 : Math.min(position() + Math.ceil(end / 10), end)) });
  };
  const show = () => players.forEach(({ button, input, output }) => {
    const { epoch } = state.get();
    button.textContent = isStill.matches ? "▶ Next step" : timer === null ? "▶ Play" : "❚❚ Pause";
    input.value = position();
    output.textContent = epoch === null ? "end" : epoch || "start";
    input.setAttribute("aria-valuetext", output.textContent);
  });
  state.onChange(show);

  // Adds a player to a section, below its sentence.
  return (id) => {
    if (end < 2) return;
    const button = make("button", { type: "button", class: "play" });
    const input = make("input", { type: "range", id: `epoch-${id}`, min: 0, max: end, step: 1 });
    const output = make("output", { for: input.id, "aria-live": "off" });
    button.addEventListener("click", press);
    input.addEventListener("input", () => state.show({ epoch: epochAt(Number(input.value)) }));
    for (const event of ["pointerdown", "change"]) input.addEventListener(event, pause);
    section(id).querySelector("p").after(make("div", { class: "player slider" }, button,
      make("label", { for: input.id }, "epoch"), input, output));
    players.push({ button, input, output });
    show();
  };
})();
