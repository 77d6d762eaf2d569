// Key presses with the time of the press itself, whether or not a trial is listening at that moment.

let listener = null;

/** From now on, `onPress(key, time)` is called at every press, in place of the listener before; null for none. */
export function listen(onPress) {
  listener = onPress;
}

window.addEventListener(
  "keydown",
  (event) => {
    // No one wants to scroll, search or leave a field by these here.
    if ([" ", "/", "'", "Tab", "Backspace"].includes(event.key)) event.preventDefault();
    if (!event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey) listener?.(event.key, event.timeStamp);
  },
  { capture: true },
);
