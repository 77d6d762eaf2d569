// Requests to the page's own host, asked until there is an answer: a connection may come back.

const RETRY_MS = [500, 1000, 2000, 4000, 8000];

/** The reply to a request. `onAway(reason)` is called whenever there is none, before it is asked for again.
 *  What the host refuses (4xx) is an error that has its status, and its reason where it gives one. */
export async function request(path, options = {}, onAway = () => {}) {
  for (let attempt = 0; ; attempt++) {
    let reply = null;
    try {
      reply = await fetch(path, { ...options, signal: AbortSignal.timeout(15_000) });
    } catch {
      // no connection, or none in time
    }
    if (reply?.ok) return reply;
    if (reply && reply.status < 500) {
      const reason = (await reply.json().catch(() => ({}))).error ?? reply.statusText;
      throw Object.assign(new Error(`${path}: ${reason}`), { status: reply.status });
    }
    onAway(reply ? `${path}: the host fails (${reply.status})` : `${path}: no connection`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
  }
}
