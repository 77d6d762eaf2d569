// Key presses with the time of the press itself, whether or not a trial is listening at that moment.
//
// A key has the name that is printed on it or, where the layout has no such letter, the name of its place on an English
// keyboard: F is the key that types f, and also the one under the left index finger of who writes Greek, Cyrillic or Dvorak.

let listener = null;

const MODIFIERS = ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Fn", "OS"];

/** From now on, in place of the listener before, `onPress(name, time)` is called when one of the keys `names` is pressed,
 *  and `onOther()` when another is. */
export function listen(names, onPress, onOther = () => {}) {
  listener = { names, onPress, onOther };
}

/** From now on no one listens. */
export function ignore() {
  listener = null;
}

const printed = ({ key }) => (key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key);
const placed = ({ code }) => (code ?? "").replace(/^(Key|Numpad)/, "");

window.addEventListener(
  "keydown",
  (event) => {
    // No one wants to scroll, search or leave a field by these here.
    if ([" ", "/", "'", "Tab", "Backspace"].includes(event.key)) event.preventDefault();
    if (!listener || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const { names, onPress, onOther } = listener;
    const name = [printed(event), placed(event)].find((one) => names.includes(one));
    if (name) onPress(name, event.timeStamp);
    else if (!MODIFIERS.includes(event.key)) onOther();
  },
  { capture: true },
);
