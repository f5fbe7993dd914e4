const byId = (id) => document.getElementById(id);
const tokenName = "holdfast-token";
const lookAgainMs = 1000;
// Heard by the other tabs of this page and by nothing else: not by another port, nor by another user's browser.
const tabs = new BroadcastChannel("holdfast");
let token = null;
/** The first is that of the client that serves this page. */
let firstRoot = null;
/** Answers that were asked for earlier than what is shown say nothing new. */
let asked = 0;
let shown = 0;

// From the address, where it is not to stay, or from before a reload: what this tab keeps is for this port alone.
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  history.replaceState(null, "", "/");
  keepToken(given ?? sessionStorage.getItem(tokenName));
}

function keepToken(given) {
  token = given;
  if (token !== null) sessionStorage.setItem(tokenName, token);
}

// A tab that was opened by the bare address asks, and one that has the token gives it; no disk sees it.
function onTab({ data }) {
  if (data === "which token?") {
    if (token !== null) tabs.postMessage({ token });
  } else if (token === null) {
    keepToken(data.token);
    lookNow();
  }
}

async function ask(path, body) {
  if (token === null) return lock();
  const used = token;
  const turn = (asked += 1);
  const method = path === "overview" ? "GET" : "POST";
  const headers = { authorization: "Bearer " + used };
  const answer = await fetch("/" + path, { method, headers, body: body && JSON.stringify(body) });
  const value = await answer.json();
  // The answer to a token that another replaced meanwhile says nothing of that one.
  if (answer.status === 401 && used === token) return lock();
  if (!answer.ok) throw new Error(value.error.message);
  if (turn < shown) return;
  shown = turn;
  show(value.syncs);
}

function lock() {
  token = null;
  sessionStorage.removeItem(tokenName);
  hideAll();
  tabs.postMessage("which token?");
  throw new Error("This page needs its full address. Open the address that 'holdfast status' shows.");
}

function hideAll() {
  setText(byId("summary"), "");
  document.title = "Holdfast";
  byId("shown").hidden = true;
}

async function lookNow() {
  try {
    await ask("overview");
    if (byId("failure").dataset.of === "a look") byId("failure").hidden = true;
  } catch (error) {
    if (error instanceof TypeError) tellGone();
    else fail(error.message, "a look");
  }
}

async function look() {
  if (!document.hidden) await lookNow();
  setTimeout(look, lookAgainMs);
}

/** What was shown last would be taken for what is. */
function tellGone() {
  hideAll();
  const start = firstRoot === null ? "'holdfast sync'" : "'holdfast sync " + firstRoot + "'";
  fail(
    "The sync client is no longer running. Start it with " +
      start +
      " and open the address that 'holdfast status' then shows.",
    "a look",
  );
}

/** @param of "an act": told until the next one */
function fail(text, of = "an act") {
  byId("failure").dataset.of = of;
  byId("failure").hidden = false;
  setText(byId("failure"), text);
}

function show(syncs) {
  firstRoot = syncs[0]?.root ?? firstRoot;
  const focused = document.activeElement?.closest(".sync");
  fill(byId("syncs"), syncs, {
    keyOf: ({ key }) => key,
    make: ({ key }) => newArticle(key, (action, body, done) => act(key, action, body, done)),
    update: showArticle,
  });
  byId("shown").hidden = false;
  setText(byId("summary"), summaryOf(syncs));
  document.title = summaryOf(syncs) + " – Holdfast";
  const at = document.activeElement;
  // What had the focus is gone, as the conflict that was ended: whoever works by keys stays with its folder.
  if (focused?.isConnected && (at === document.body || at.closest("[hidden]") !== null))
    focused.querySelector("h2").focus();
}

/** "1 waiting for you, 2 in sync", what matters most first. */
function summaryOf(syncs) {
  const order = ["waiting", "not_running", "offline", "syncing", "paused", "idle"];
  if (syncs.length === 1) return stateWord(syncs[0]);
  const words = order.flatMap((state) => syncs.filter((sync) => sync.state === state).map(stateWord));
  return [...new Set(words)]
    .map((word) => words.filter((each) => each === word).length + " " + word.toLowerCase())
    .join(", ");
}

async function act(key, action, body, done) {
  byId("failure").hidden = true;
  setText(byId("told"), "");
  await ask("syncs/" + key + "/" + action, body);
  setText(byId("told"), done + ".");
}

// An address pasted into this tab loads nothing if only what is behind its # differs.
addEventListener("hashchange", takeToken);
tabs.addEventListener("message", onTab);
takeToken();
void look();
