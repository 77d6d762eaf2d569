// The explorer: one seed of one study, moved through α by hand. Its data stand in the page as JSON (ganalyze.report.explorer).
"use strict";
(() => {
  const studies = JSON.parse(document.getElementById("explorer-data").textContent);
  const byId = (id) => document.getElementById(id);
  const [study, seed, alpha] = ["explorer-study", "explorer-seed", "explorer-alpha"].map(byId);
  const signed = (x) => (x > 0 ? "+" : x < 0 ? "−" : "") + Math.abs(x);
  const score = (x) => x.toFixed(2).replace("-", "−");

  function choose() {
    const { seeds, alphas, tile, sprite } = studies[study.value];
    seed.max = seeds.length;
    alpha.max = alphas.length - 1;
    seed.value = Math.ceil(seeds.length / 4);
    alpha.value = alphas.indexOf(0);
    const image = byId("explorer-image");
    image.style.backgroundImage = `url(${sprite})`;
    // Percentages, so that the picture may be shown at any size: one tile fills the box.
    image.style.backgroundSize = `${alphas.length * 100}% ${seeds.length * 100}%`;
    image.style.imageRendering = tile < 40 ? "pixelated" : "auto";
    show();
  }

  function show() {
    const { label, alphas, seeds, of: total, means } = studies[study.value];
    const row = Number(seed.value) - 1;
    const column = Number(alpha.value);
    const { scores, rank, class: name } = seeds[row];
    const percent = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
    const image = byId("explorer-image");
    image.style.backgroundPosition = `${percent(column, alphas.length)}% ${percent(row, seeds.length)}%`;
    const caption = `${label}: ${score(scores[column])} at α = ${signed(alphas[column])}`;
    image.setAttribute("aria-label", `${name}, ${caption}`);
    byId("explorer-told").textContent = caption;
    byId("explorer-rank").textContent =
      `${name}, seed ${rank} of ${total} by gain` +
      (rank === 1 ? ", the largest" : rank === total ? ", the smallest" : "");
    byId("explorer-at").textContent = `α = ${signed(alphas[column])}`;
    draw(alphas, scores, means, column, seeds);
  }

  function draw(alphas, scores, means, column, seeds) {
    const allScores = seeds.flatMap((s) => s.scores);
    const [low, high] = [Math.min(...allScores), Math.max(...allScores)];
    const x = (i) => 52 + (i * 290) / (alphas.length - 1);
    const y = (v) => 190 - ((v - low) / (high - low || 1)) * 165;
    const line = (values, style) =>
      `<polyline points="${values.map((v, i) => `${x(i)},${y(v)}`)}" fill="none" ${style}/>`;
    const text = (px, py, words, anchor) => `<text x="${px}" y="${py}" text-anchor="${anchor}">${words}</text>`;
    byId("explorer-plot").innerHTML =
      `<path d="M52 20V196H346" fill="none" stroke="#5a6775"/>` +
      alphas.map((a, i) => text(x(i), 212, signed(a), "middle")).join("") +
      [low, (low + high) / 2, high].map((v) => text(46, y(v) + 4, score(v), "end")).join("") +
      line(means, 'stroke="#777" stroke-width="1.5" stroke-dasharray="4 3"') +
      line(scores, 'stroke="#0072b2" stroke-width="2"') +
      `<circle cx="${x(column)}" cy="${y(scores[column])}" r="6" fill="#0072b2"/>`;
  }

  studies.forEach((s, index) => study.add(new Option(s.title, index)));
  study.addEventListener("change", choose);
  seed.addEventListener("input", show);
  alpha.addEventListener("input", show);
  choose();
})();
