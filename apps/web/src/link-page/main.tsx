import { fixedToken } from "@holdfast/api-client/access-tokens";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../design/tokens.css";
import { openClient } from "../data/client.ts";
import { startMessages } from "../messages/use-messages.ts";
import { linkWords } from "./link-words.ts";
import { LinkPage } from "./link-page.tsx";
import { LinkSession, type LinkState } from "./link-session.ts";

// Replaces the server-rendered page, which also works alone. Ignores data of a signed-in account, including
// preferences.

const token = /^\/s\/([^/]+)/.exec(location.pathname)?.[1] ?? "";
const client = openClient(fixedToken(token));
const session = new LinkSession({ client, token, state: foundState(), nowMs: () => Date.now() });
await startMessages(linkWords);

// Keeps the forms if the person has typed into them.
if (!isWrittenIn(document.body)) {
  delete document.body.dataset["link"];
  document.head.querySelector("style")?.remove();
  document.body.replaceChildren();
  createRoot(document.body.appendChild(document.createElement("div"))).render(
    <StrictMode>
      <LinkPage session={session} token={token} />
    </StrictMode>,
  );
}

function isWrittenIn(page: HTMLElement): boolean {
  return [...page.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")].some(
    ({ value }) => value !== "",
  );
}

/** Reads the state from the server-rendered page. */
function foundState(): LinkState {
  const { link } = document.body.dataset;
  if (link === "password") return "asks";
  // In a subfolder, only the folder may be missing.
  return link === "missing" && !new URLSearchParams(location.search).has("in") ? "ended" : "open";
}
