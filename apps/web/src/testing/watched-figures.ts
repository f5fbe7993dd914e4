import type { Page } from "@holdfast/tools/testing-browser";

/** Measurements of the page's performance observers, in milliseconds since the navigation. */
export interface Figures {
  /** Time of the frame that shows the first row. */
  readonly firstRowMs: number | undefined;
  /** Sum of unexpected layout shifts. */
  readonly shift: number;
  /** Durations of main-thread tasks over 50 ms. */
  readonly longTasksMs: readonly number[];
  /** Latency of each pointer or key input until the next frame, the longest of its events. */
  readonly actsMs: readonly number[];
}

/** Call before the navigation to measure. @returns reads the measurements since the last navigation */
export async function watchFigures(page: Page): Promise<() => Promise<Figures>> {
  await page.addInitScript(watching);
  return () => page.evaluate<Figures>("({ ...figures, actsMs: Object.values(figures.acts) })");
}

/** Waits until the first row of a list is shown. */
export async function firstRowShown(page: Page): Promise<void> {
  await page.evaluate("firstRow.promise");
}

/** Source text, because it runs in the page and Node's types do not fit. */
const watching = `
  globalThis.figures = { firstRowMs: undefined, shift: 0, longTasksMs: [], acts: {} };
  globalThis.firstRow = Promise.withResolvers();
  const observe = (type, take, more) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
    observer.observe({ type, buffered: true, ...more });
  };
  observe("layout-shift", ({ value, hadRecentInput }) => {
    if (!hadRecentInput) figures.shift += value;
  });
  observe("longtask", ({ duration }) => figures.longTasksMs.push(duration));
  const takeAct = ({ interactionId, duration }) => {
    if (interactionId > 0) figures.acts[interactionId] = Math.max(figures.acts[interactionId] ?? 0, duration);
  };
  observe("event", takeAct, { durationThreshold: 16 });
  const looking = new MutationObserver(() => {
    if (!document.querySelector("[role=row][aria-rowindex] a")?.textContent) return;
    looking.disconnect();
    requestAnimationFrame(() => {
      // Behind the frame that shows it.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        figures.firstRowMs = performance.now();
        firstRow.resolve();
      };
      port2.postMessage(undefined);
    });
  });
  looking.observe(document, { childList: true, subtree: true });
`;
