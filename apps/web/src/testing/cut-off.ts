import type { Page } from "@holdfast/tools/testing-browser";

/** Of what can be acted on and is shown: whatever its page, or a box around it, cuts off at one of its sides. */
export function cutOff(page: Page, within: string): Promise<string[]> {
  return page.evaluate((selector) => {
    const acts = [...document.querySelectorAll(`${selector} :is(button, a, input, select, textarea, [role=tab])`)];
    const isCut = (element: Element): boolean => {
      const { left, right, width, height } = element.getBoundingClientRect();
      // One pixel is for what the browser rounds; a field that is there for screen readers alone is none to see.
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
