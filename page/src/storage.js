// What the browser keeps for us: in localStorage from visit to visit, in sessionStorage while the window is open. Some keep
// nothing, and say so by an error.

export function kept(name, storage = "localStorage") {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

/** Keep a text; whether it is kept. */
export function keep(name, text, storage = "localStorage") {
  try {
    window[storage].setItem(name, text);
  } catch {
    return false;
  }
  return kept(name, storage) === text;
}

/** Keep something in the page's own address, where a reload finds it. */
export function keepInAddress(parameter, value) {
  const address = new URL(location.href);
  address.searchParams.set(parameter, value);
  history.replaceState(null, "", address);
}
