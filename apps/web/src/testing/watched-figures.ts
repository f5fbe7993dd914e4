import type { Page } from "@holdfast/tools/testing-browser";

/** What the page's own observers have seen since it was opened, in milliseconds; times count from the navigation. */
export interface Figures {
  /** When the frame was drawn that shows the first row of a list. */
  readonly firstRowMs: number | undefined;
  /** The sum of what moved without anybody having done anything. */
  readonly shift: number;
  /** Of each task that held the page's thread for over 50 ms. */
  readonly longTasksMs: readonly number[];
  /** Of each act of pointer or key until the frame that followed it, the longest of its events. */
  readonly actsMs: readonly number[];
}

/** To be called before the page goes anywhere that is measured. @returns tells what was seen since it last went anywhere */
export async function watchFigures(page: Page): Promise<() => Promise<Figures>> {
  await page.addInitScript(watching);
  return () => page.evaluate<Figures>("({ ...figures, actsMs: Object.values(figures.acts) })");
}

/** Until the first row of a list shows. */
export async function firstRowShown(page: Page): Promise<void> {
  await page.evaluate("firstRow.promise");
}

/** A text, as it runs in the page alone: the types of those that call it are Node's. */
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
