// The page: a state, what the server makes of it, and the controls that change it. One request is under way at a time;
// of those that were asked for meanwhile the newest follows. Picture and numbers change together or not at all.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const token = new URLSearchParams(location.search).get("token") || "";
  const number = (x) => (x === null ? "–" : x.toFixed(2).replace("-", "−"));
  const signed = (x) => (x > 0 ? "+" : x < 0 ? "−" : "") + Math.abs(x).toFixed(2);
  // From where to where a factor's bar goes; a score's reaches from the least to the most that was seen.
  const RANGES = { colorfulness: [0, 110], entropy: [5, 8] };
  const seen = {};

  let run = null;
  let state = null;
  let shown = null; // what the server said of the state that is on the screen
  let asking = false;
  let waiting = false;
  let count = 0;
  const past = [];
  const tab = Math.random().toString(36).slice(2, 12);

  async function ask(path, body, type = "application/json") {
    const response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": type }) },
      body: type === "application/json" && body !== undefined ? JSON.stringify(body) : body,
    });
    if (response.ok) return response;
    const { error } = await response.json().catch(() => ({ error: "the server does not answer as it should" }));
    throw Object.assign(new Error(error), { status: response.status });
  }

  function say(text, refused = false) {
    byId("told").textContent = text;
    byId("told").classList.toggle("refused", refused);
  }

  async function refresh() {
    if (asking) {
      waiting = true;
      return;
    }
    asking = true;
    document.body.dataset.busy = "yes";
    do {
      waiting = false;
      const asked = { state, window: tab, number: (count += 1) };
      try {
        const { image } = await (await ask("/api/picture", asked)).json();
        const decoded = new Image();
        decoded.src = image;
        await decoded.decode();
        shown = { state: asked.state, image }; // the numbers of the picture before go with it
        draw();
        if (waiting) continue;
        shown = { ...shown, ...(await (await ask("/api/measures", asked)).json()) };
        draw();
      } catch (error) {
        if (error.status !== 409)
          say(error.message.includes("fetch") ? "The server has stopped." : error.message, true);
      }
    } while (waiting);
    asking = false;
    delete document.body.dataset.busy;
  }

  function draw() {
    const before = byId("before").getAttribute("aria-pressed") === "true" && shown.before;
    const of = shown.state.photograph ? "a photograph" : `seed ${shown.state.seed}`;
    const moved = run.directions.filter(({ name }) => shown.state.alphas[name]);
    const how = moved.map(({ name, title }) => `${title} ${signed(shown.state.alphas[name])}`).join(", ");
    byId("picture").src = before ? shown.before : shown.image;
    const what = before || !how ? `Generated, from ${of}, not moved.` : `Generated, from ${of}: ${how}.`;
    byId("picture").alt = what;
    say(what);
    document.body.dataset.shown = JSON.stringify(shown.state);
    document.querySelectorAll(".bar").forEach((one) => one.classList.toggle("old", !shown.scores));
    if (!shown.scores) return;
    byId("scores").replaceChildren(...Object.entries(shown.scores).map(([name, values]) => bar(name, values, before)));
    byId("factors").replaceChildren(
      ...Object.entries(shown.factors).map(([name, values]) =>
        bar(name.replace("_", " "), values, before, RANGES[name] || [0, 1]),
      ),
    );
  }

  function bar(name, [then, now], before, range) {
    const value = before ? then : now;
    if (!range) {
      const known = [then, now, ...(seen[name] || [])];
      seen[name] = [Math.min(...known), Math.max(...known)];
      const room = Math.max(0.1, seen[name][1] - seen[name][0]) * 0.15;
      range = [seen[name][0] - room, seen[name][1] + room];
    }
    const place = (x) => (x === null ? 0 : Math.min(100, Math.max(0, (100 * (x - range[0])) / (range[1] - range[0]))));
    const row = document.createElement("div");
    row.className = "bar";
    row.dataset.name = name;
    const change = before || then === null || now === null || now === then ? "" : ` (${signed(now - then)})`;
    const label = document.createElement("span");
    label.textContent = name;
    const told = document.createElement("span");
    told.textContent = number(value) + change;
    row.append(label, told);
    row.insertAdjacentHTML(
      "beforeend",
      `<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="now" width="${place(value)}" height="8"/>` +
        `<path class="then" d="M${place(then)} 0V8"/></svg>`,
    );
    return row;
  }

  // Every change of the state goes through here, so that each can be undone and the link always brings it back.
  function become(next, remember = true) {
    if (remember && state) past.push(state);
    state = next;
    history.replaceState(
      null,
      "",
      `${location.pathname}${location.search}#${encodeURIComponent(JSON.stringify(state))}`,
    );
    setControls();
    return refresh();
  }

  function setControls() {
    run.directions.forEach(({ name }) => {
      byId(`alpha-${name}`).value = state.alphas[name] || 0;
      byId(`told-${name}`).textContent = signed(state.alphas[name] || 0);
    });
    run.parts.forEach((part) => (byId(`part-${part}`).checked = !state.moves || state.moves.includes(part)));
    if (run.classes.length) byId("classes").querySelector("select").value = state.class_id;
    byId("undo").disabled = !past.length;
    byId("strip").hidden = true;
  }

  function slider({ name, title, low, high, assessor, note }) {
    const row = document.createElement("div");
    row.className = "slider";
    row.title = [assessor, note].filter(Boolean).join(". ");
    const label = document.createElement("label");
    label.htmlFor = `alpha-${name}`;
    label.textContent = title;
    const told = document.createElement("output");
    told.id = `told-${name}`;
    const input = Object.assign(document.createElement("input"), {
      type: "range",
      id: `alpha-${name}`,
      min: low,
      max: high,
    });
    input.step = (high - low) / 40;
    let held = false; // one drag is one step back
    const set = (alpha) => {
      become({ ...state, alphas: { ...state.alphas, [name]: alpha } }, !held);
      held = true;
    };
    input.addEventListener("input", () => set(Math.abs(input.value) < 1e-9 ? 0 : Number(input.value)));
    input.addEventListener("change", () => (held = false));
    input.addEventListener("dblclick", () => {
      held = false;
      set(0);
      held = false;
    });
    row.append(label, told, input);
    return row;
  }

  function part(name) {
    const label = document.createElement("label");
    label.className = "small";
    const input = Object.assign(document.createElement("input"), { type: "checkbox", id: `part-${name}` });
    input.addEventListener("change", () => {
      const moves = run.parts.filter((each) => byId(`part-${each}`).checked);
      become({ ...state, moves: moves.length === run.parts.length ? null : moves });
    });
    label.append(input, ` ${name}`);
    return label;
  }

  function save(blob, name) {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function tryTo(action) {
    try {
      await action();
    } catch (error) {
      say(error.message, true);
    }
  }

  const along = () => ({ state, direction: byId("along").value });
  const nameOf = (kind) => `ganalyze-${state.photograph ? "photograph" : `seed-${state.seed}`}.${kind}`;
  const anySeed = () => Math.floor(Math.random() * 2 ** 31);

  async function upload(file) {
    const told = byId("photograph");
    told.hidden = false;
    told.classList.remove("refused");
    try {
      const { name, words } = await (await ask("/api/photographs", file, "application/octet-stream")).json();
      for (;;) {
        const { state: now, step, steps, reason, poor } = await (await ask(`/api/photographs/${name}`)).json();
        if (now === "refused") throw new Error(reason);
        if (now === "done") {
          told.textContent = `${words ? `${words}. ` : ""}This is the photograph as the generator makes it${poor ? ", poorly" : ""}.`;
          await become({ ...state, photograph: name, alphas: {}, class_id: 0 });
          return;
        }
        told.textContent = `${words ? `${words}. ` : ""}Looking for the photograph in the generator: step ${step} of ${steps}.`;
        await new Promise((done) => setTimeout(done, 500));
      }
    } catch (error) {
      told.classList.add("refused");
      told.textContent = error.message;
    }
  }

  function fromLink() {
    const clean = { seed: anySeed(), class_id: 0, photograph: null, alphas: {}, moves: null };
    try {
      return { ...clean, ...JSON.parse(decodeURIComponent(location.hash.slice(1))) };
    } catch {
      return clean;
    }
  }

  function connect() {
    byId("new").addEventListener("click", () => become({ ...state, seed: anySeed(), photograph: null }));
    byId("before").addEventListener("click", (event) => {
      event.target.setAttribute("aria-pressed", event.target.getAttribute("aria-pressed") !== "true");
      if (shown) draw();
    });
    byId("undo").addEventListener("click", () => past.length && become(past.pop(), false));
    byId("reset").addEventListener("click", () => become({ ...state, alphas: {} }));
    byId("upload").addEventListener("change", (event) => {
      if (event.target.files.length) upload(event.target.files[0]);
      event.target.value = "";
    });
    byId("save-png").addEventListener("click", () =>
      tryTo(async () => save(await (await ask("/api/png", { state })).blob(), nameOf("png"))),
    );
    for (const kind of ["png", "gif"]) {
      byId(kind === "png" ? "save-strip" : "save-gif").addEventListener("click", () =>
        tryTo(async () => save(await (await ask(`/api/strip?as=${kind}`, along())).blob(), nameOf(kind))),
      );
    }
    byId("show-strip").addEventListener("click", () =>
      tryTo(async () => {
        const { images } = await (await ask("/api/strip", along())).json();
        byId("strip").replaceChildren(
          ...images.map((src, i) =>
            Object.assign(document.createElement("img"), {
              src,
              alt: `${byId("along").value}, ${i + 1} of ${images.length}`,
            }),
          ),
        );
        byId("strip").hidden = false;
      }),
    );
  }

  tryTo(async () => {
    run = await (await ask("/api/run")).json();
    byId("about").textContent =
      `${run.generator}, along the directions of the run ${run.title}. Every picture is made as you move.`;
    byId("note").textContent = run.note;
    byId("sliders").replaceChildren(...run.directions.map(slider));
    run.directions.forEach(({ name, title }) => byId("along").add(new Option(title, name)));
    byId("parts").append(...run.parts.map(part));
    byId("parts").hidden = !run.parts.length;
    if (run.classes.length) {
      const select = byId("classes").querySelector("select");
      run.classes.forEach((name, index) => select.add(new Option(name, index)));
      select.addEventListener("change", () => become({ ...state, class_id: Number(select.value), photograph: null }));
      byId("classes").hidden = false;
    }
    if (!run.faces) byId("new").textContent = "New seed";
    connect();
    await become(fromLink(), false);
  });
})();
