import { type RefObject, useLayoutEffect } from "react";

/** The path of the place at which the app is; undefined before it opens, where nobody has used a key yet. */
let place: string | undefined;

/**
 * What had the focus went with the list that was shown before, or is the link that led here: the list takes it, so that the keyboard goes
 * on. Once for a place: whoever goes back to the link stays there, whatever comes into the list.
 */
export function useTakeFocus(
  element: RefObject<HTMLElement | null>,
  find: (element: HTMLElement) => HTMLElement | null,
): void {
  useLayoutEffect(() => {
    const before = place;
    place = location.pathname;
    if (before === undefined || element.current === null) return;
    const { activeElement } = document;
    const isNowhere = activeElement === null || activeElement === document.body;
    const hasLed = before !== place && activeElement instanceof HTMLAnchorElement && activeElement.pathname === place;
    if (isNowhere || hasLed) find(element.current)?.focus({ preventScroll: true });
    // Once, when it comes.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, []);
}
