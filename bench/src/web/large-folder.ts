import type { Page } from "@holdfast/tools/testing-browser";
import { firstRowMs, worstFrameMs } from "@holdfast/web/testing/long-list";
import type { Row } from "../report.ts";
import { heapOf } from "@holdfast/web/testing/heap";
import { putNames } from "./put-names.ts";
import { withWebWorld } from "./web-world.ts";

/** Measures a large folder: time from click to first row, frames while scrolling, and memory. */
export function measureLargeFolder(folder: string, rows: number): Promise<Row[]> {
  return withWebWorld(folder, async ({ api, open }) => {
    await putNames(api, "many", rows);
    const page = await open();
    await page.getByRole("row").filter({ hasText: "many" }).waitFor();
    const before = await heapOf(page);
    const work = `folder of ${rows} entries`;
    const firstMs = await firstRowMs(page, "file 0.txt");
    const idleMs = await worstFrameMs(page, 0);
    const scrollingMs = await worstFrameMs(page, 900);
    await page.getByRole("grid").locator("[tabindex='0']").first().focus();
    await page.keyboard.press("End");
    await page
      .getByText(`file ${rows - 1}.txt`, { exact: true })
      .first()
      .waitFor();
    const after = await settled(page);
    return [
      {
        work: `${work}: first row after the click`,
        by: "holdfast",
        value: firstMs,
        unit: "ms",
        goal: { atMost: 500 },
      },
      {
        work: `${work}: worst frame while it is scrolled`,
        by: "holdfast",
        value: scrollingMs,
        unit: "ms",
        goal: { atMost: 100 },
        note: `${idleMs.toFixed(0)} ms with nothing to do`,
      },
      {
        work: `${work}: memory of the page for it`,
        by: "holdfast",
        value: (after - before.bytes) / 1e6,
        unit: "MB",
        goal: { atMost: 60 },
      },
    ];
  });
}

/** Waits until the heap stops growing between two readings, at most a minute. */
async function settled(page: Page): Promise<number> {
  let { bytes } = await heapOf(page);
  for (let look = 0; look < 60; look += 1) {
    await page.waitForTimeout(1000);
    const now = (await heapOf(page)).bytes;
    if (Math.abs(now - bytes) < 200_000) return now;
    bytes = now;
  }
  return bytes;
}
