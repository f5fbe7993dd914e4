import { type RefObject, useLayoutEffect } from "react";

/** Path of the current place; undefined before the first one opens. */
let place: string | undefined;

/**
 * Moves the focus into a new list if the focused element is gone or is the link that led here. Only on mount: a person
 * who returns to the link stays there.
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
    // Runs only on mount.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, []);
}
