import { fixedToken } from "@holdfast/api-client/access-tokens";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../design/tokens.css";
import { openClient } from "../data/client.ts";
import { startMessages } from "../messages/use-messages.ts";
import { linkWords } from "./link-words.ts";
import { LinkPage } from "./link-page.tsx";
import { LinkSession, type LinkState } from "./link-session.ts";

// Takes over the page that the server has made, which stays what it is where this does not run. It reads and keeps nothing of the browser's:
// neither who is signed in, nor what they have chosen.

const token = /^\/s\/([^/]+)/.exec(location.pathname)?.[1] ?? "";
const client = openClient(fixedToken(token));
const session = new LinkSession({ client, token, state: foundState(), nowMs: () => Date.now() });
await startMessages(linkWords);

// Whoever has begun to write in its forms goes on with them.
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

/** As the server said it with the page. */
function foundState(): LinkState {
  const { link } = document.body.dataset;
  if (link === "password") return "asks";
  // Below the top something else than the link may be missing.
  return link === "missing" && !new URLSearchParams(location.search).has("in") ? "ended" : "open";
}
