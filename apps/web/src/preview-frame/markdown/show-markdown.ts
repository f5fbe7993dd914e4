import { decodeText } from "../code/text-lines.ts";
import { followLinks } from "../follow-links.ts";
import type { FrameContent, FrameFacts } from "../frame-messages.ts";
import { colourCode } from "./colour-code.ts";
import { parseMarkdown } from "./parse-markdown.ts";
import { renderTokens } from "./render-tokens.ts";

/** @param onLink called on a click on an external link */
export function showMarkdown({ name, bytes }: FrameContent, onLink: (address: string) => void): FrameFacts {
  const { nodes, isCut } = renderTokens(parseMarkdown(decodeText(bytes)));
  // Keeps the scroll position during editing.
  const known = document.querySelector("main.markdown");
  const root = known ?? makeRoot(name, onLink);
  root.replaceChildren(...nodes);
  if (known === null) document.body.replaceChildren(root);
  colourCode(root);
  return isCut ? { isCut } : {};
}

function makeRoot(name: string, onLink: (address: string) => void): HTMLElement {
  const root = document.createElement("main");
  root.className = "markdown";
  root.tabIndex = 0;
  root.ariaLabel = name;
  followLinks(root, onLink);
  return root;
}
