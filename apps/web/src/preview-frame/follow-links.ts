import { outsideAddress } from "./outside-address.ts";

/**
 * The frame never navigates: links in the document scroll to the element with `data-anchor`.
 * @param onLink called on a click on an external link
 */
export function followLinks(root: HTMLElement, onLink: (address: string) => void): void {
  const follow = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const href = link?.getAttribute("href");
    if (href === null || href === undefined) return;
    event.preventDefault();
    if (href.startsWith("#")) scrollToAnchor(root, href.slice(1));
    const address = outsideAddress(href);
    if (address !== undefined && event.button <= 1) onLink(address);
  };
  root.addEventListener("click", follow);
  root.addEventListener("auxclick", follow);
}

function scrollToAnchor(root: HTMLElement, name: string): void {
  const anchor = root.querySelector<HTMLElement>(`[data-anchor="${CSS.escape(name)}"]`);
  anchor?.scrollIntoView();
  anchor?.focus();
}
