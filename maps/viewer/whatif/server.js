// Talks to the server that the page came from: plans, progress, files.

const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const MOST_TRIES = 20;
const PROGRESS_MS = 300;

class Refusal extends Error {
  constructor(status, { error, problems = [] }) {
    super(error);
    Object.assign(this, { status, problems });
  }
}

function pause(ms) {
  return new Promise((done) => { setTimeout(done, ms); });
}

// An answer of the server; waits and asks again while it is too busy.
async function ask(path, body, signal) {
  for (let left = MOST_TRIES; ; left -= 1) {
    const response = await fetch(path, body === undefined ? { signal } : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal,
    });
    if (response.ok) return response;
    if (response.status === 503 && left > 1) {
      await pause(1000 * (Number(response.headers.get("Retry-After")) || 1) * (0.5 + Math.random()));
      continue;
    }
    const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
    const words = response.status === 401 ? "The server wants its token: open the address that it printed when it started." : `The server refuses (${response.status}).`;
    throw new Refusal(response.status, isJson ? await response.json() : { error: words });
  }
}

// Plans the present edits. An earlier run is ended, here and on the server.
async function planAnew(view) {
  const { live } = view;
  live.number += 1;
  const { number } = live;
  live.abort?.abort();
  live.abort = new AbortController();
  view.root.dataset.live = "busy";
  watchProgress(view, number);
  try {
    const body = { edits: live.edits, client: CLIENT, request: number };
    const answer = live.edits.length === 0 ? null : await (await ask("api/plan", body, live.abort.signal)).json();
    if (number !== live.number) return;
    live.answer = answer;
    showPlan(view, answer);
  } catch (error) {
    if (number !== live.number || error.name === "AbortError" || error.status === 409) return;
    live.problems = error instanceof Refusal ? [{ message: error.message }, ...error.problems] : [{ message: "The server does not answer. What is shown is the last plan." }];
  }
  view.root.dataset.live = "ready";
  refreshPanel(view);
  tell(view);
}

// Says how far the server is, once it takes longer than a moment.
async function watchProgress(view, number) {
  const isRunning = () => number === view.live.number && view.root.dataset.live === "busy";
  await pause(PROGRESS_MS);
  while (isRunning()) {
    let state = {};
    try {
      state = await (await fetch(`api/progress?client=${CLIENT}`)).json();
    } catch {
      // The plan's own request tells what is wrong.
    }
    if (isRunning()) tellProgress(view, state);
    await pause(PROGRESS_MS);
  }
}

// Saves a file of the present state.
async function saveFromServer(view, name) {
  try {
    const response = await ask(`api/${name}`, { edits: view.live.edits });
    const url = URL.createObjectURL(await response.blob());
    el("a", { href: url, download: `${view.data.name.replace(/[^\w-]+/g, "_")}-${name}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch (error) {
    view.live.problems = [{ message: error instanceof Refusal ? error.message : "The server does not answer." }];
    tell(view);
  }
}
