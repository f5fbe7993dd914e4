export function itemsIn(list: Element | null): readonly HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled, [data-disabled])") ?? [])];
}

/** @returns the item to which a key moves the focus; undefined for other keys */
export function nextItem(items: readonly HTMLElement[], key: string): HTMLElement | undefined {
  const at = items.findIndex((item) => item === document.activeElement);
  if (key === "ArrowDown") return items[at + 1] ?? items[0];
  if (key === "ArrowUp") return items.at(Math.max(at, 0) - 1);
  if (key === "Home" || key === "PageUp") return items[0];
  return key === "End" || key === "PageDown" ? items.at(-1) : undefined;
}
