// Decoded images, so that drawing one takes no longer than the frame it is drawn in.

import { request } from "./requests.js";

const decoded = new Map();

/** Fetch and decode images; `onProgress(done, total)` is called at each, `onAway(reason)` while there is no connection.
 *  Throws where the host has no such image. */
export async function load(urls, onProgress, onAway) {
  const missing = [...new Set(urls)].filter((url) => !decoded.has(url));
  let done = 0;
  let failed = false; // then those still under way are told of no more
  onProgress(done, missing.length);
  const get = async (url) => {
    const reply = await request(url, {}, (reason) => failed || onAway(reason));
    decoded.set(url, await createImageBitmap(await reply.blob()));
    done++;
    if (!failed) onProgress(done, missing.length);
  };
  await Promise.all(missing.map(get)).catch((error) => {
    failed = true;
    throw error;
  });
}

/** Let go of everything but the pictures of the try-out. */
export function forget() {
  for (const [url, image] of decoded) {
    if (url.startsWith("example:")) continue;
    image.close();
    decoded.delete(url);
  }
}

export function draw(canvas, url) {
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(decoded.get(url), 0, 0, canvas.width, canvas.height);
}

export function clear(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

/** A canvas of `size` CSS pixels that uses every pixel of the screen. */
export function makeCanvas(size) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(size * (window.devicePixelRatio || 1));
  canvas.style.width = canvas.style.height = `${size}px`;
  return canvas;
}

/** Patterns for the try-out, which must use up no image of the study. Returns their names. */
export async function makeExamples(count) {
  const names = [];
  for (let n = 0; n < count; n++) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 256;
    const context = canvas.getContext("2d");
    const hue = (n * 360) / count;
    context.fillStyle = `hsl(${hue} 45% 82%)`;
    context.fillRect(0, 0, 256, 256);
    context.fillStyle = `hsl(${(hue + 150) % 360} 40% 48%)`;
    context.translate(128, 128);
    for (let petal = 0; petal < n + 3; petal++) {
      context.rotate((2 * Math.PI) / (n + 3));
      context.beginPath();
      context.ellipse(0, -56, 18 + 4 * (n % 3), 50, 0, 0, 2 * Math.PI);
      context.fill();
    }
    names.push(`example:${n}`);
    decoded.set(names[n], await createImageBitmap(canvas));
  }
  return names;
}
