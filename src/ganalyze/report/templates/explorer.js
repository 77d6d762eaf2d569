// The explorer: seeds of one study, or of two side by side, moved through α by hand. Its data stand in the page as JSON
// (ganalyze.report.explorer). Below it, figures open at full size.
"use strict";
(() => {
  const studies = JSON.parse(document.getElementById("explorer-data").textContent);
  const byId = (id) => document.getElementById(id);
  const signed = (x) => (x > 0 ? "+" : x < 0 ? "−" : "") + Math.abs(x).toString();
  const number = (x) => x.toFixed(2).replace("-", "−");
  const panels = [...document.querySelectorAll(".panel")];
  const chosen = { seed: 0, at: 0.5 }; // at: where α is, from its smallest to its largest

  const studyOf = (panel) => studies[panel.querySelector("select").value];
  const frameOf = (study) => Math.round(chosen.at * (study.alphas.length - 1));
  const isShown = (panel) => !panel.hidden;

  function points(values, range, width, height, xs) {
    const [low, high] = range;
    return values.flatMap((v, i) =>
      v === null
        ? []
        : [`${(xs[i] * width).toFixed(1)},${(height - ((v - low) / (high - low || 1)) * height).toFixed(1)}`],
    );
  }

  function curve(values, range, xs, more = "", [width, height] = [120, 30]) {
    const place = points(values, range, width, height, xs);
    const dots = place.map((p) => `<circle cx="${p.split(",")[0]}" cy="${p.split(",")[1]}" r="2.5"/>`).join("");
    const x = (chosen.at * width).toFixed(1);
    return (
      `<svg viewBox="-4 -4 ${width + 8} ${height + 8}" aria-hidden="true">${more}<polyline points="${place.join(" ")}"/>${dots}` +
      `<path class="now" d="M${x} -4V${height + 4}"/></svg>`
    );
  }

  function told(study, seed, frame) {
    const place = study.measured.indexOf(frame);
    if (place >= 0) return `${study.label} ${number(seed.scores[place])}`;
    const after = study.measured.findIndex((measured) => measured > frame);
    return `${study.label} between ${number(seed.scores[after - 1])} and ${number(seed.scores[after])}`;
  }

  function show(panel) {
    const study = studyOf(panel);
    const seed = study.seeds[chosen.seed];
    const frame = frameOf(study);
    const last = study.alphas.length - 1;
    const image = panel.querySelector(".large");
    if (image.dataset.strip !== `${study.name} ${seed.id}`) {
      image.dataset.strip = `${study.name} ${seed.id}`;
      image.style.backgroundImage = `url(${seed.strip})`;
      image.style.backgroundSize = `${(last + 1) * 100}% 100%`;
      panel.querySelector(".row").replaceChildren(
        ...study.measured.map((index) => {
          const button = document.createElement("button");
          button.type = "button";
          button.style.backgroundImage = image.style.backgroundImage;
          button.style.backgroundSize = image.style.backgroundSize;
          button.style.backgroundPosition = `${(100 * index) / last}% 0`;
          button.setAttribute("aria-label", `α = ${signed(study.alphas[index])}`);
          button.innerHTML = `<span>${signed(study.alphas[index])}</span>`;
          button.addEventListener("click", () => move(index / last));
          return button;
        }),
      );
    }
    image.style.backgroundPosition = `${(100 * frame) / last}% 0`;
    image.style.imageRendering = study.tile < 100 ? "pixelated" : "auto";
    const alpha = signed(study.alphas[frame]);
    const words = told(study, seed, frame);
    image.setAttribute("aria-label", `generated ${seed.class}, seed ${seed.id}, α = ${alpha}, ${words}`);
    panel.querySelector(".told").innerHTML = `<b>α = ${alpha}</b> ${words}`;
    panel.querySelectorAll(".row button").forEach((button, i) => {
      button.setAttribute("aria-pressed", study.measured[i] === frame);
    });
    const xs = study.measured.map((index) => index / last);
    const mean = `<polyline class="mean" points="${points(study.means, study.range, 240, 70, xs).join(" ")}"/>`;
    const rows = [
      `<div class="score"><span>score, and its mean over seeds (dashed)</span>${curve(seed.scores, study.range, xs, mean, [240, 70])}</div>`,
    ];
    for (const [name, range] of Object.entries(study.factors)) {
      rows.push(`<div><span>${name.replace("_", " ")}</span>${curve(seed.factors[name], range, xs)}</div>`);
    }
    panel.querySelector(".curves").innerHTML = rows.join("");
  }

  function showAll() {
    panels.filter(isShown).forEach(show);
    byId("explorer-alpha").value = Math.round(chosen.at * 1000);
    document.querySelectorAll("#explorer-seeds button").forEach((button, i) => {
      button.setAttribute("aria-pressed", i === chosen.seed);
    });
  }

  function move(at) {
    chosen.at = Math.min(1, Math.max(0, at));
    showAll();
  }

  // Dragging the picture itself, with mouse or finger.
  function drag(image) {
    let from = null;
    image.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, at: chosen.at };
      image.setPointerCapture(event.pointerId);
    });
    image.addEventListener("pointermove", (event) => {
      if (from) move(from.at + (event.clientX - from.x) / image.clientWidth);
    });
    ["pointerup", "pointercancel"].forEach((end) => image.addEventListener(end, () => (from = null)));
    image.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const { alphas } = studyOf(image.closest(".panel"));
      move((frameOf({ alphas }) + step) / (alphas.length - 1));
    });
  }

  panels.forEach((panel, index) => {
    const select = panel.querySelector("select");
    studies.forEach((study, i) => select.add(new Option(study.title, i)));
    select.value = Math.min(index, studies.length - 1);
    select.addEventListener("change", showAll);
    drag(panel.querySelector(".large"));
  });
  const { seeds, thumbnails } = studies[0];
  seeds.forEach((seed, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.style.backgroundImage = `url(${thumbnails})`;
    button.style.backgroundSize = `${seeds.length * 100}% 100%`;
    button.style.backgroundPosition = `${seeds.length > 1 ? (100 * i) / (seeds.length - 1) : 0}% 0`;
    button.setAttribute("aria-label", `seed ${seed.id}`);
    button.addEventListener("click", () => {
      chosen.seed = i;
      showAll();
    });
    byId("explorer-seeds").append(button);
  });
  byId("explorer-alpha").addEventListener("input", (event) => move(event.target.value / 1000));
  byId("explorer-alpha").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!step) return;
    event.preventDefault(); // one picture a key, not a thousandth of the way
    const { alphas } = studyOf(panels[0]);
    move((frameOf({ alphas }) + step) / (alphas.length - 1));
  });
  const two = byId("explorer-two");
  two.addEventListener("change", () => {
    panels[1].hidden = !two.checked;
    showAll();
  });
  showAll();

  const full = byId("full-size");
  document.querySelectorAll("figure img").forEach((image) => {
    image.addEventListener("click", () => {
      full.querySelector("img").src = image.src;
      full.querySelector("img").alt = image.alt;
      full.showModal();
    });
  });
  full.addEventListener("click", () => full.close());
})();
