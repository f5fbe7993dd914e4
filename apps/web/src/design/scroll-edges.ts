/**
 * Says of a box that scrolls, in `data-more`, on which sides there is more than is shown; how that looks is in tokens.css. For a `ref`,
 * @returns what ends it
 */
export function showEdges(box: HTMLElement | null): (() => void) | undefined {
  if (box === null) return undefined;
  const say = () => {
    // From right to left it counts downwards. A box scrolls one way only, so the other adds nothing.
    const before = Math.abs(box.scrollLeft) + box.scrollTop;
    const all = box.scrollWidth - box.clientWidth + (box.scrollHeight - box.clientHeight);
    box.dataset["more"] = [...(before > 1 ? ["start"] : []), ...(all - before > 1 ? ["end"] : [])].join(" ");
  };
  const sizes = new ResizeObserver(say);
  for (const each of [box, ...box.children]) sizes.observe(each);
  box.addEventListener("scroll", say, { passive: true });
  return () => {
    sizes.disconnect();
    box.removeEventListener("scroll", say);
  };
}
