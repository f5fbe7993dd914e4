import type { Page } from "@holdfast/tools/testing-browser";

/** Controls that the page or a box clips horizontally. */
export function cutOff(page: Page, within: string): Promise<string[]> {
  return page.evaluate((selector) => {
    const acts = [...document.querySelectorAll(`${selector} :is(button, a, input, select, textarea, [role=tab])`)];
    const isCut = (element: Element): boolean => {
      const { left, right, width, height } = element.getBoundingClientRect();
      // Fields for screen readers only. One pixel for rounding.
      if (width <= 1 || height <= 1) return false;
      for (let around = element.parentElement; around !== null; around = around.parentElement) {
        const box = around.getBoundingClientRect();
        const clips = getComputedStyle(around).overflowX !== "visible";
        if (clips && (left < box.left - 1 || right > box.right + 1)) return true;
      }
      return left < -1 || right > innerWidth + 1;
    };
    return acts
      .filter(isCut)
      .map((each) => each.getAttribute("aria-label") ?? each.textContent?.trim() ?? each.tagName);
  }, within);
}
