// The experiment's own server (scripts/serve_experiment.py). Answers are sent as they come, in order, and again until the
// server has said that it has them.

const RETRY_MS = [500, 1000, 2000, 4000, 8000];

export class ServerBackend {
  #token = null;
  #series = 0;
  #unsent = [];
  #sending = null;
  /** Called when answers cannot be taken any more, with the reason. */
  onRefused = () => {};

  study() {
    return this.#request("api/study");
  }

  imageUrl(name) {
    return `images/${name}.png`;
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
    return this.#request("api/finish", { series: this.#series });
  }

  async #send() {
    while (this.#unsent.length) {
      const answers = this.#unsent.slice(0, 100);
      try {
        await this.#request("api/answers", { series: this.#series, answers });
      } catch (error) {
        this.#unsent = [];
        this.onRefused(error);
        return;
      }
      this.#unsent.splice(0, answers.length);
    }
  }

  /** Ask until there is an answer; what the server refuses (4xx) is an error. */
  async #request(path, body) {
    for (let attempt = 0; ; attempt++) {
      let reply = null;
      try {
        reply = await fetch(path, {
          method: body ? "POST" : "GET",
          headers: {
            ...(body && { "Content-Type": "application/json" }),
            ...(this.#token && { Authorization: `Bearer ${this.#token}` }),
          },
          body: body && JSON.stringify(body),
          signal: AbortSignal.timeout(15_000),
          cache: "no-store",
        });
      } catch {
        // no connection, or none in time
      }
      if (reply?.ok) return reply.json();
      if (reply && reply.status < 500) {
        throw Object.assign(new Error((await reply.json().catch(() => ({}))).error ?? reply.statusText), {
          status: reply.status,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
    }
  }
}

/** The same server, for a look at the experiment: nothing is stored. */
export class PreviewBackend extends ServerBackend {
  async enter() {
    return (await fetch("api/preview")).json();
  }

  submit() {}

  async finish() {
    return { passed: true, more: false, code: "PREVIEW", return_url: null };
  }
}
