// Presentation by the screen's own frames. Times are those of requestAnimationFrame, in ms since the page began.

/** The screen's refresh interval, once measured; 60 Hz until then. */
let interval = 1000 / 60;

/** Measure the refresh interval: the median over some frames. */
export async function measureInterval(frames = 40) {
  const times = [];
  await eachFrame((time) => times.push(time) > frames);
  const intervals = times.slice(1).map((time, i) => time - times[i]);
  intervals.sort((a, b) => a - b);
  interval = intervals[Math.floor(intervals.length / 2)] || interval;
  return interval;
}

export function frameInterval() {
  return interval;
}

/** Call `step(time)` on every frame until it returns true; the time of that frame. */
export function eachFrame(step) {
  return new Promise((resolve) => {
    const frame = (timestamp) => {
      // A callback that comes late misses its frame: what it draws is seen with the next one.
      const missed = Math.max(0, Math.floor((performance.now() - timestamp) / interval));
      const time = timestamp + missed * interval;
      if (step(time)) resolve(time);
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** Whether the frame at `time` is the one nearest to `duration` ms after `start`, or later. */
export function isDue(time, start, duration) {
  return time - start >= duration - interval / 2;
}

/** Whether the frame after the one at `time` is that frame, or later. */
export function isDueNext(time, start, duration) {
  return isDue(time + interval, start, duration);
}
