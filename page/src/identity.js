// Who takes part, as the platform that sent them says.

export function identity(parameters = new URLSearchParams(location.search)) {
  const given = (name) => parameters.get(name);
  if (given("PROLIFIC_PID")) return { platform: "prolific", identifier: given("PROLIFIC_PID") };
  if (given("workerId")) return { platform: "mturk", identifier: given("workerId") };
  return { platform: "link", identifier: given("participant") ?? ownIdentifier() };
}

/** MTurk shows the page to workers who have not taken the task yet. */
export function isUnaccepted(parameters = new URLSearchParams(location.search)) {
  return parameters.get("assignmentId") === "ASSIGNMENT_ID_NOT_AVAILABLE";
}

/** For a plain link: a random name that this browser keeps. */
function ownIdentifier() {
  const kept = localStorage.getItem("ganalyze-participant") ?? crypto.randomUUID();
  localStorage.setItem("ganalyze-participant", kept);
  return kept;
}

/** The form that hands an assignment back to MTurk, or null where there is none to hand back. */
export function mturkForm(code, hosts, parameters = new URLSearchParams(location.search)) {
  const [to, assignment] = [parameters.get("turkSubmitTo"), parameters.get("assignmentId")];
  if (!to || !assignment || !hosts.includes(originOf(to))) return null;
  const form = document.createElement("form");
  form.method = "POST";
  form.action = `${originOf(to)}/mturk/externalSubmit`;
  for (const [name, value] of Object.entries({ assignmentId: assignment, completion_code: code })) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  return form;
}

function originOf(url) {
  try {
    return new URL(url).origin;
  } catch {
    return null;
  }
}
