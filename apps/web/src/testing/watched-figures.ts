import type { Page } from "@holdfast/tools/testing-browser";

/** Figures of performance observers, in milliseconds since the navigation. */
export interface Figures {
  /** Frame that shows the first row. */
  readonly firstRowMs: number | undefined;
  readonly shift: number;
  readonly moved: readonly string[];
  /** Main-thread tasks over 50 ms. */
  readonly longTasksMs: readonly number[];
  /** Each input until the next frame, the longest of its events. */
  readonly actsMs: readonly number[];
}

/** Call before the navigation. @returns reads the figures since then */
export async function watchFigures(page: Page): Promise<() => Promise<Figures>> {
  await page.addInitScript(watching);
  return () => page.evaluate<Figures>("({ ...figures, actsMs: Object.values(figures.acts) })");
}

export async function firstRowShown(page: Page): Promise<void> {
  await page.evaluate("firstRow.promise");
}

/** Text, because it runs in the page and Node's types do not fit. */
const watching = `
  globalThis.figures = { firstRowMs: undefined, shift: 0, moved: [], longTasksMs: [], acts: {} };
  globalThis.firstRow = Promise.withResolvers();
  const observe = (type, take, more) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
    observer.observe({ type, buffered: true, ...more });
  };
  const placeOf = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
  observe("layout-shift", ({ value, hadRecentInput, startTime, sources }) => {
    if (hadRecentInput) return;
    figures.shift += value;
    for (const { node, previousRect, currentRect } of sources) {
      const shown = (node?.outerHTML ?? node?.textContent ?? "removed").slice(0, 120);
      figures.moved.push(Math.round(startTime) + " ms: " + placeOf(previousRect) + " -> " + placeOf(currentRect) + ": " + shown);
    }
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
