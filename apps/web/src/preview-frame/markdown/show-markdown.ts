import { decodeText } from "../code/text-lines.ts";
import type { FrameContent, FrameFacts } from "../frame-messages.ts";
import { outsideAddress } from "../outside-address.ts";
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
  const follow = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const href = link?.getAttribute("href");
    if (href === null || href === undefined) return;
    // The frame never navigates.
    event.preventDefault();
    if (href.startsWith("#")) scrollToHeading(root, href.slice(1));
    const address = outsideAddress(href);
    if (address !== undefined && event.button <= 1) onLink(address);
  };
  root.addEventListener("click", follow);
  root.addEventListener("auxclick", follow);
  return root;
}

function scrollToHeading(root: HTMLElement, name: string): void {
  const heading = root.querySelector<HTMLElement>(`[data-anchor="${CSS.escape(name)}"]`);
  heading?.scrollIntoView();
  heading?.focus();
}
