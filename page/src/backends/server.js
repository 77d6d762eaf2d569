// The experiment's own server (scripts/serve_experiment.py). Answers are sent as they come, in order, and again until the
// server has said that it has them.

import { request } from "../requests.js";

export class ServerBackend {
  #token = null;
  #series = 0;
  #unsent = [];
  #sending = null;
  /** Called when answers cannot be taken any more, with the reason. */
  onRefused = () => {};
  /** Called with the reason when the server is away and someone waits for it. */
  onAway = () => {};

  study() {
    return this.#request("api/study");
  }

  imageUrl(name) {
    return `images/${name}.png`;
  }

  /** What there is for someone who has not agreed to anything yet: {finished, full}. */
  arrive(identity) {
    return this.#request("api/arrival", identity);
  }

  async enter(identity) {
    const session = await this.#request("api/session", identity);
    this.#token = session.token;
    this.#series = session.series;
    return session;
  }

  submit(answer) {
    this.#unsent.push(answer);
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
  }

  async finish() {
    while (this.#sending) await this.#sending;
    return this.#request("api/finish", { series: this.#series }, () => {});
  }

  async #send() {
    while (this.#unsent.length) {
      const answers = this.#unsent.slice(0, 100);
      try {
        await this.#request("api/answers", { series: this.#series, answers }, () => {});
      } catch (error) {
        this.#unsent = [];
        this.onRefused(error);
        return;
      }
      this.#unsent.splice(0, answers.length);
    }
  }

  async #request(path, body, onAway = this.onAway) {
    const options = {
      method: body ? "POST" : "GET",
      headers: {},
      body: body && JSON.stringify(body),
      cache: "no-store",
    };
    if (body) options.headers["Content-Type"] = "application/json";
    if (this.#token) options.headers.Authorization = `Bearer ${this.#token}`;
    return (await request(path, options, onAway)).json();
  }
}

/** The same server, for a look at the experiment: nothing is stored. */
export class PreviewBackend extends ServerBackend {
  async arrive() {
    return { finished: null, full: false };
  }

  async enter() {
    return (await request("api/preview", {}, this.onAway)).json();
  }

  submit() {}

  async finish() {
    return { passed: true, more: false, code: "PREVIEW", return_url: null };
  }
}
