import type { Page } from "@holdfast/tools/testing-browser";

/** Measured in the page, without the driver's overhead. */
export function firstRowMs(page: Page, name: string): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const startMs = performance.now();
    document.querySelector("[role=row] a")?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    for (let frame = 0; frame < 2_000; frame++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (document.querySelector("[role=row][aria-rowindex='1'] a")?.textContent === ${JSON.stringify(name)}) break;
    }
    return performance.now() - startMs;
  })()`);
}

export function worstFrameMs(page: Page, stepPx: number): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const scroller = document.querySelector("[data-scroller]");
    let worst = 0;
    let beforeMs = performance.now();
    const endMs = beforeMs + 2_000;
    while (performance.now() < endMs) {
      scroller?.scrollBy(0, ${stepPx});
      const nowMs = await new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
      worst = Math.max(worst, nowMs - beforeMs);
      beforeMs = nowMs;
    }
    return worst;
  })()`);
}
