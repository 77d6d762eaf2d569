// What the pages say. Consent, title and debriefing are the experimenter's (settings). Keys are <kbd>; those that go on
// from the page that they are drawn on are buttons.

const key = (name) => `<button type="button" data-key="${name}">${name}</button>`;
const pressSpace = (purpose = "go on") => `<p class="go">Press ${key("Space")} to ${purpose}</p>`;

export const consent = (study) => `
  <h1>${study.title}</h1>
  <div class="text">${study.consent}</div>
  <p class="small">Questions? ${study.contact}</p>
  <p class="go">Press ${key("Enter")} to agree and take part, or close the window</p>`;

export const fullScreen = `
  <h2>Full screen</h2>
  <p>The experiment fills your screen. Please close other programs, and sit as you usually do.</p>
  ${pressSpace("go to full screen")}`;

export const instructions = {
  memory_game: [
    `<h2>What you will do</h2>
     <p>Pictures come one after the other. Each is there for a moment.</p>
     <p>Press <kbd>Space</kbd> as soon as you see a picture that <strong>was there before</strong>.
     Do nothing for a picture that is new.</p>${pressSpace()}`,
    `<h2>The frame</h2>
     <p>When you press, the frame tells you whether you were right.</p>
     <div class="samples"><span class="frame" data-feedback="right">it was there before</span>
     <span class="frame" data-feedback="wrong">it is new</span></div>
     <p>Some pictures come back at once, others much later. Pictures may resemble each other: only the very same one
     counts.</p>${pressSpace("try it with a few patterns")}`,
  ],
  two_afc: [
    `<h2>What you will do</h2>
     <p>You will see two pictures side by side, for a moment. One is a photograph, the other was made by a computer.</p>
     <p>When they have gone, tell which one <strong>the computer made</strong>:</p>
     <p class="keys"><span><kbd>F</kbd> the left one</span><span><kbd>J</kbd> the right one</span></p>
     <p>If you are not sure, go with your impression.</p>${pressSpace()}`,
  ],
};

export const tryAgain = (missed, falseAlarms) => `
  <h2>${missed || falseAlarms ? "Almost" : "Well done"}</h2>
  <p>${missed ? `You let ${missed} of 3 repeats pass. ` : ""}
  ${falseAlarms ? "You pressed for a pattern that was new. " : ""}
  ${missed || falseAlarms ? "Once more?" : "You saw all the repeats."}</p>
  <p class="go">${missed || falseAlarms ? `Press ${key("R")} to try again, or` : "Press"} ${key("Space")} to begin</p>`;

export const begin = {
  memory_game: (study, trials) => `
    <h2>Ready?</h2>
    <p>${trials} pictures, about ${minutes(trials * (study.image_ms + study.blank_ms))}, without a pause. Keep a finger
    on <kbd>Space</kbd>.</p>
    <p>Press it for every picture that was there before.</p>${pressSpace("begin")}`,
  two_afc: (study, trials) => `
    <h2>Ready?</h2>
    <p>${trials} pairs, about ${minutes(trials * (study.pair_ms + study.gap_ms + 700))}. From now on you are not told
    whether you are right.</p>
    <p class="keys"><span><kbd>F</kbd> the left one was made by a computer</span>
    <span><kbd>J</kbd> the right one</span></p>${pressSpace("begin")}`,
};

export const practice = (trials) => `
  <h2>Practice</h2>
  <p>First ${trials} pairs to practise. After each you are told whether you were right.</p>
  <p class="keys"><span><kbd>F</kbd> the left one was made by a computer</span>
  <span><kbd>J</kbd> the right one</span></p>${pressSpace("begin")}`;

export const welcomeBack = (remaining) => `
  <h2>Welcome back</h2><p>You left in the middle. ${remaining} trials remain; what you did is kept.</p>${pressSpace()}`;

export const pause = (done, total) => `
  <h2>A short break</h2>
  <progress max="${total}" value="${done}"></progress>
  <p>${done} of ${total} pairs are done. Rest your eyes as long as you like.</p>${pressSpace()}`;

export const loading = (done, total) => `
  <h2>The pictures are on their way</h2>
  <progress max="${total}" value="${done}"></progress>`;

export const saving = `
  <h2>One moment</h2>
  <p>Your answers are being stored. Please do not close the window. If it takes long, look whether you are connected to
  the internet: it goes on by itself.</p>`;

/** reason: for the experimenter. */
export const away = (reason) => `
  <h2>No connection</h2>
  <p>The experiment cannot be reached at the moment. Please leave this window open: it goes on by itself.</p>
  ${forExperimenter(reason)}`;

/** The end of a series: of this visit, or of one before. */
export const end = (study, { passed, before, code, returns, saves, more }) => `
  <h2>${before ? "Welcome back" : passed ? "Thank you" : "Thank you for taking part"}</h2>
  <p>${before ? "Your last" : "This"} series is complete, and your answers are stored.
  ${passed ? "" : "It counts as finished."}</p>
  ${
    passed
      ? ""
      : `<p>Some pictures are there to see whether the task can be done in the place and at the time one does it, and
         several of them went wrong. That happens to many people. We will not offer you another series.</p>`
  }
  ${study.debriefing}
  ${code ? `<p>Your completion code</p><p class="code">${code}</p>` : ""}
  ${returns ? `<p class="go">Press ${key("Enter")} to ${saves ? "save the file of your answers again" : "hand it in"}</p>` : ""}
  ${more ? pressSpace(`do another series${returns ? ", if you have handed in this one" : ""}`) : ""}
  ${returns || more ? "" : "<p>You may close the window now.</p>"}`;

/** Why there is no series, by the status of who enters. */
export const noSeries = {
  blocked: `<h2>Thank you for taking part</h2><p>You have finished what we can offer you in this experiment. We will not
    offer you another series, but your work so far is complete, and its completion codes remain valid.</p>`,
  done: `<h2>Thank you</h2><p>You have done all the series there are. There is nothing left to do.</p>`,
  full: `<h2>Thank you for your interest</h2><p>All places in this experiment are taken.</p>`,
};

export const unaccepted = (study) => `
  <h1>${study.title}</h1><div class="text">${study.consent}</div>
  <p>This is a preview. Please accept the task first, then the experiment begins.</p>`;

export const tooSmall = (study) => `
  <h2>Please make the window larger</h2>
  <p>The experiment needs ${study.min_width} × ${study.min_height} points; the window has
  ${window.innerWidth} × ${window.innerHeight}. It goes on by itself once there is room.</p>
  <p>If it fills the screen already, make everything smaller: hold <kbd>Ctrl</kbd> (<kbd>⌘</kbd> on a Mac) and press
  <kbd>−</kbd>, several times if need be.</p>
  ${
    window.top === window
      ? ""
      : `<p>Or open the experiment <a href="${escaped(location.href)}" target="_blank">in a window of its own</a>.</p>`
  }
  <p class="small">If nothing helps, the screen is too small: take another computer, or write to ${study.contact}.</p>
  ${pressSpace("fill the screen")}`;

/** The name in the link is none that the experiment can take. */
export const misnamed = (study, person) => `
  <h2>This link cannot be used</h2>
  <p>It names you “${escaped(person.identifier)}”, but a participant is named by ${study.participant_rule}.</p>
  <p>Nothing was stored. Please ask for another link: ${study.contact}.</p>`;

export const needsKeyboard = `
  <h2>Please use a computer with a keyboard</h2>
  <p>You answer by pressing keys, and a phone or tablet has none. Open the same link on a laptop or desktop computer.</p>`;

export const elsewhere = `
  <h2>This window has stopped</h2>
  <p>The experiment goes on in another window, or it has ended. What you did is kept. Please go to the other window, or
  open the link again.</p>`;

/** reason: for the experimenter. */
export const failed = (contact = "the experimenter", reason = null) => `
  <h2>Something went wrong</h2>
  <p>The experiment could not go on. What you did so far is kept. Please open the link again, or write to ${contact}.</p>
  ${forExperimenter(reason)}`;

const forExperimenter = (reason) => (reason ? `<p class="small">For the experimenter: ${escaped(reason)}</p>` : "");

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

export const pairHint = `Press <kbd>F</kbd> for the left one, <kbd>J</kbd> for the right one. On a keyboard without these
  letters they are the keys under your two index fingers.`;

export const memoryHint = "Press <kbd>Space</kbd> for a picture that was there before";

function minutes(ms) {
  const count = Math.max(1, Math.round(ms / 60_000));
  return count === 1 ? "a minute" : `${count} minutes`;
}
