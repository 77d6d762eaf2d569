// Who takes part, as the platform that sent them says.
import { keep, keepInAddress, kept } from "./storage.js";

const STORAGE_KEY = "ganalyze-participant";

export function identity(parameters = new URLSearchParams(location.search)) {
  const prolific = parameters.get("PROLIFIC_PID");
  if (prolific) return { platform: "prolific", identifier: prolific };
  const worker = parameters.get("workerId");
  if (worker) return { platform: "mturk", identifier: worker };
  return { platform: "link", identifier: parameters.get("participant") || randomIdentifier() };
}

/** MTurk shows the page to workers who have not taken the task yet. */
export function isUnaccepted(parameters = new URLSearchParams(location.search)) {
  return parameters.get("assignmentId") === "ASSIGNMENT_ID_NOT_AVAILABLE";
}

/** For a plain link: a random name that this browser keeps or, where it may not, the page's address. */
function randomIdentifier() {
  // Not crypto.randomUUID, which plain http lacks.
  const random = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0"));
  const identifier = kept(STORAGE_KEY) ?? random.join("");
  if (!keep(STORAGE_KEY, identifier)) keepInAddress("participant", identifier);
  return identifier;
}

/** The form that hands an assignment back to MTurk, or null where there is none to hand back. */
export function mturkForm(code, hosts, parameters = new URLSearchParams(location.search)) {
  const origin = originOf(parameters.get("turkSubmitTo"));
  const assignment = parameters.get("assignmentId");
  if (!assignment || !hosts.includes(origin)) return null;
  const form = document.createElement("form");
  form.method = "POST";
  form.action = `${origin}/mturk/externalSubmit`;
  for (const [name, value] of Object.entries({ assignmentId: assignment, completion_code: code })) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  return form;
}

/** The origin of an address, or null where it is none. */
function originOf(url) {
  try {
    return new URL(url).origin;
  } catch {
    return null;
  }
}
