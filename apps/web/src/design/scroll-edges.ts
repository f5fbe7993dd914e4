/**
 * Marks in `data-more` the sides with hidden content; the look is in tokens.css. For use as a `ref`.
 * @returns function that stops it
 */
export function showEdges(box: HTMLElement | null): (() => void) | undefined {
  if (box === null) return undefined;
  const say = () => {
    // `scrollLeft` is negative in right-to-left layouts. A box scrolls in one direction, so the other term is 0.
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
