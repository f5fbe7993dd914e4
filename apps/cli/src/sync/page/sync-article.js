"use strict";

// What one sync shows. The client has cut and worded all that is long; here it only gets its place.
const states = {
  idle: ["In sync", "M20 6 9 17l-5-5"],
  syncing: ["Syncing", "M4 12a8 8 0 0 1 14-5l2 2m0-5v5h-5M20 12a8 8 0 0 1-14 5l-2-2m0 5v-5h5"],
  paused: ["Paused", "M8 5v14M16 5v14"],
  offline: ["The server cannot be reached", "M3 3l18 18M8 8a6 6 0 0 0-2 11h11M11 6a6 6 0 0 1 7 6 4 4 0 0 1 3 5"],
  waiting: ["Waiting for you", "M12 3 2 20h20L12 3zM12 10v4M12 17v.5"],
  not_running: ["Not running", "M12 3v9M6 7a8 8 0 1 0 12 0"],
};

const spaceWords = {
  server: "Waiting for space on the server",
  quota: "Waiting for space in your quota",
  owner: "Waiting for space in a shared folder",
};

function stateWord({ state, waits_for }) {
  return (state === "waiting" && spaceWords[waits_for]) || states[state][0];
}

/** @param act (action, body, what it is in words) asks the client and shows what came of it */
function newArticle(key, act) {
  const article = document.getElementById("sync").content.firstElementChild.cloneNode(true);
  const find = (selector) => article.querySelector(selector);
  article.dataset.key = key;
  find("h2").id = "name-" + key;
  article.setAttribute("aria-labelledby", "name-" + key);
  const label = (selector) => find(selector).textContent;
  const name = () => label("h2");
  onClick(find(".pause"), () => {
    const isPaused = article.view.paused;
    return act(isPaused ? "resume" : "pause", undefined, name() + (isPaused ? " is resumed" : " is paused"));
  });
  for (const answer of ["undo", "approve"]) {
    onClick(find("." + answer), () =>
      act("deletions/" + answer, { shown: article.view.deletions.shown }, label("." + answer)),
    );
  }
  onClick(find(".withdraw"), () => act("deletions/undo", { shown: article.view.approved.shown }, label(".withdraw")));
  onSubmit(find(".limits"), async ({ up, down }) => {
    await act("limits", { up: up.value, down: down.value }, "Limits set");
    // As the client says them.
    article.limits = undefined;
  });
  onSubmit(find(".exclude"), async ({ path, free }) => {
    await act("exclusions", { exclude: [path.value], free_space: free.checked }, path.value + " is excluded");
    path.value = "";
    free.checked = false;
  });
  article.act = act;
  return article;
}

function showArticle(article, view) {
  const find = (selector) => article.querySelector(selector);
  article.view = view;
  const isRunning = view.state !== "not_running";
  const icon = states[view.state][1];
  const name = view.root.slice(view.root.lastIndexOf("/") + 1);
  setText(find("h2"), name);
  find(".state").dataset.state = view.state;
  find(".state path").setAttribute("d", icon);
  setText(find(".word"), stateWord(view));
  setText(find(".pause"), view.paused ? "Resume" : "Pause");
  find(".pause").setAttribute("aria-label", (view.paused ? "Resume " : "Pause ") + view.root);
  setText(find(".root"), view.root + (view.remote === "" ? "" : ", which is " + view.remote + " on the server"));
  const last = view.last_sync_at === null ? "" : ", last in sync " + new Date(view.last_sync_at).toLocaleString();
  setText(find(".where"), view.account + " at " + view.server + ", this device is " + view.device + last);
  showText(find(".note"), view.note);
  showProgress(article, view.progress);
  showDeletions(article, view, isRunning);
  for (const which of ["problems", "listed"]) {
    find("." + which).hidden = view[which].length === 0;
    fill(find("." + which + " > ul"), view[which], { ...problemKind });
  }
  setText(find(".listed summary"), "Notices (" + numberOf(view.listed) + ")");
  showConflicts(article, view.conflicts, isRunning);
  fill(
    find(".recent ul"),
    view.recent,
    lineOf(({ at, text }) => new Date(at).toLocaleString() + "  " + text),
  );
  find(".recent ul").hidden = view.recent.length === 0;
  find(".quiet").hidden = view.recent.length > 0;
  showSettings(article, view, isRunning);
}

function numberOf(kinds) {
  return kinds.reduce((sum, { count }) => sum + Math.max(1, count), 0).toLocaleString("en");
}

function showProgress(article, progress) {
  const part = article.querySelector(".progress");
  part.hidden = progress === null;
  if (progress === null) return;
  const bar = part.querySelector("progress");
  if (progress.share === null) bar.removeAttribute("value");
  else bar.value = progress.share;
  bar.setAttribute("aria-label", "Progress of " + article.querySelector("h2").textContent);
  const percent = progress.share === null ? "" : Math.floor(progress.share * 100) + " %";
  const left = progress.time_left === "" ? "" : progress.time_left + " left";
  const facts = joined(", ", percent, progress.rate, left, progress.looked) || "looking for changes";
  setText(part.querySelector(".facts"), facts[0].toUpperCase() + facts.slice(1));
  setText(part.querySelector(".amounts"), joined("; ", progress.done, progress.left));
  fill(
    part.querySelector(".names"),
    progress.names,
    lineOf((name) => name),
  );
}

function showDeletions(article, { deletions, approved }, isRunning) {
  const showPart = (part, { count, lines }, text) => {
    part.hidden = count === 0;
    setText(part.querySelector("h3"), text);
    fill(
      part.querySelector("ul"),
      lines,
      lineOf((line) => line),
    );
  };
  const waiting = article.querySelector(".deletions");
  showPart(waiting, deletions, deletions.text + (deletions.count === 1 ? " waits" : " wait") + " for you");
  waiting.querySelector(".later").hidden = isRunning;
  showPart(article.querySelector(".approved"), approved, approved.text);
}

/** One of each kind: the sentence, so many, and where. */
const problemKind = {
  keyOf: ({ code, count, message }) => code + (count === 0 ? message : ""),
  make: () => {
    const details = made("details", {}, made("summary"), made("ul", { className: "long", tabIndex: 0 }));
    return made("li", {}, made("p", { className: "sentence" }), made("p", { className: "first faint" }), details);
  },
  update: (item, { message, count, paths }) => {
    const find = (selector) => item.querySelector(selector);
    const few = paths.slice(0, 3).map(({ path }) => path);
    setText(find(".sentence"), count > 1 ? count.toLocaleString("en") + " files: " + message : message);
    setText(find(".first"), few.join(", ") + (count > few.length ? andMore(count - few.length) : ""));
    find(".first").hidden = count === 0;
    find("details").hidden = count <= few.length;
    setText(find("summary"), count > paths.length ? "The first " + paths.length : "All " + count);
    find("ul").setAttribute("aria-label", "Where: " + message);
    const lines = paths.map(({ path, message: own }) => (own === null ? path : path + ": " + own));
    if (count > paths.length) lines.push("and " + (count - paths.length).toLocaleString("en") + " more");
    fill(
      find("ul"),
      lines,
      lineOf((line) => line),
    );
  },
};

function andMore(count) {
  return " and " + count.toLocaleString("en") + " more";
}

function showConflicts(article, { count, items }, isRunning) {
  const part = article.querySelector(".conflicts");
  part.hidden = count === 0;
  setText(part.querySelector("h3"), count.toLocaleString("en") + (count === 1 ? " conflict" : " conflicts"));
  const more = count > items.length ? [{ more: count - items.length }] : [];
  fill(part.querySelector("ul"), [...items, ...more], {
    keyOf: (item) => JSON.stringify([item, isRunning]),
    make: (item) => ("more" in item ? made("li", {}, andMore(item.more)) : conflict(item, isRunning, article)),
    update: () => {},
  });
}

function conflict({ copy, original }, isRunning, { view, act }) {
  const choice = (which, keep, what, facts, isPossible = true) => {
    const button = made("button", { type: "button" }, "Keep " + which);
    const told = keep === "both" ? facts[0] : joined(", ", what, ...facts);
    button.setAttribute("aria-label", "Keep " + which + ": " + told);
    onClick(button, () => act("conflicts/keep", { path: copy.path, keep }, "Kept " + which + ": " + told));
    const text = made("span", {}, made("strong", {}, what), joined(", ", " – " + facts[0], ...facts.slice(1)));
    return made("div", { className: "choice" }, text, ...(isRunning && isPossible ? [button] : []));
  };
  const stateOf = ({ size, modified_at }) =>
    size === "" ? ["no longer exists"] : [size, "changed " + new Date(modified_at).toLocaleString()];
  const own = copy.device === view.device ? " (this device)" : "";
  const whose = copy.device === null ? "conflicted copy" : "version from " + copy.device + own;
  // A folder is not replaced by a file.
  const copyChoice = choice("copy", "copy", copy.path, [whose, ...stateOf(copy)], original?.folder !== true);
  if (original === null) return made("li", {}, copyChoice);
  const originalChoice = choice("original", "original", original.path, [
    "original, as on the server",
    ...stateOf(original),
  ]);
  const both = choice("both", "both", "Both files", ["the original stays, the copy gets a new name"]);
  return made("li", {}, originalChoice, copyChoice, both);
}

function showSettings(article, { limits, excluded, ignored }, isRunning) {
  const find = (selector) => article.querySelector(selector);
  // What somebody is typing is left alone.
  const text = JSON.stringify(limits);
  if (article.limits !== text) {
    article.limits = text;
    for (const way of ["up", "down"]) find(".limits").elements[way].value = limits[way];
  }
  fill(find(".excluded"), cutLines(excluded), {
    keyOf: (path) => path + isRunning,
    make: (path, index) => {
      if (index === excluded.items.length) return made("li", {}, path);
      const button = made("button", { type: "button" }, "Sync again");
      button.setAttribute("aria-label", "Sync again: " + path);
      onClick(button, () => article.act("exclusions", { include: [path] }, path + " is synced again"));
      return made("li", { className: "choice" }, made("span", {}, path), ...(isRunning ? [button] : []));
    },
    update: () => {},
  });
  find(".nothing-excluded").hidden = excluded.count > 0;
  find(".exclude").hidden = !isRunning;
  fill(
    find(".ignored"),
    cutLines(ignored),
    lineOf((line) => line),
  );
  find(".nothing-ignored").hidden = ignored.count > 0;
}

function cutLines({ count, items }) {
  return count > items.length ? [...items, "and " + (count - items.length).toLocaleString("en") + " more"] : items;
}

function lineOf(textOf) {
  return { keyOf: textOf, make: (item) => made("li", {}, textOf(item)), update: () => {} };
}

/** An element stays as long as what it stands for: whoever has the focus in it, or has opened it, is not disturbed. */
function fill(list, items, { keyOf, make, update }) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const times = new Map();
  const wanted = items.map((item, index) => {
    const text = keyOf(item);
    times.set(text, (times.get(text) ?? 0) + 1);
    const key = text + " " + times.get(text);
    const child = before.get(key) ?? make(item, index);
    child.dataset.key = key;
    update(child, item);
    return child;
  });
  const kept = new Set(wanted);
  for (const child of before.values()) if (!kept.has(child)) child.remove();
  for (const [index, child] of wanted.entries()) {
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
  }
}

function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Screen readers are told of what changed and of nothing else.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showText(element, text) {
  element.hidden = text === "";
  setText(element, text);
}

function joined(between, ...parts) {
  return parts.filter((part) => part !== "").join(between);
}

/** Not `disabled` while it works: that would take the focus away. */
async function busy(button, act) {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    await act();
  } catch (error) {
    fail(error.message);
  }
  button.ariaDisabled = null;
}

function onClick(button, act) {
  button.addEventListener("click", () => busy(button, act));
}

function onSubmit(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(form.querySelector("button"), () => act(form.elements));
  });
}
