import { type RefObject, useEffect } from "react";

const closeAfterMs = 10_000;

/**
 * Closes the panel after ten seconds if nothing in it waits for the person. The time begins again when the pointer or
 * the focus leaves the panel, and when the page is seen again.
 * @param done number of files, with which the time begins; undefined: the panel stays
 */
export function useSelfClose(panel: RefObject<HTMLElement | null>, done: number | undefined, close: () => void): void {
  useEffect(() => {
    const element = panel.current;
    if (done === undefined || element === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      clearTimeout(timer);
      timer = setTimeout(end, closeAfterMs);
    };
    // A focused button that disappears fires no event, so the state is read.
    const end = () => (document.hidden || element.matches(":hover, :focus-within") ? begin() : close());
    begin();
    element.addEventListener("pointerleave", begin);
    element.addEventListener("focusout", begin);
    document.addEventListener("visibilitychange", begin);
    return () => {
      clearTimeout(timer);
      element.removeEventListener("pointerleave", begin);
      element.removeEventListener("focusout", begin);
      document.removeEventListener("visibilitychange", begin);
    };
  }, [panel, done, close]);
}
