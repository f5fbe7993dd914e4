import { type Heap, heapWithoutCode } from "@holdfast/web/testing/heap";
import { walkAbout, walkedFolders } from "@holdfast/web/testing/walk-about";
import type { Row } from "../report.ts";
import { putNames } from "./put-names.ts";
import { withWebWorld } from "./web-world.ts";

/** By then everything cached is created. */
const warmNavigations = 60;

/** Measures memory growth of the page after many navigations, compared with the first few. */
export function measureNavigations(folder: string, navigations: number): Promise<Row[]> {
  return withWebWorld(folder, async ({ api, open }) => {
    for (const name of walkedFolders) await putNames(api, name, 100, `in ${name} `);
    const page = await open();
    await walkAbout(page, warmNavigations);
    const before = await heapWithoutCode(page);
    const looks: Heap[] = [];
    await walkAbout(page, navigations, async (done) => {
      if (done % (navigations / 4) === 0) looks.push(await heapWithoutCode(page));
    });
    const after = looks.at(-1) ?? before;
    return [
      {
        work: `memory of the page after ${navigations} navigations`,
        by: "holdfast",
        value: (after.bytes / before.bytes - 1) * 100,
        unit: "%",
        goal: { atMost: 5 },
        note: `MB ${[before, ...looks].map(({ bytes }) => (bytes / 1e6).toFixed(1)).join(", ")}; nodes ${before.nodes} to ${after.nodes}, listeners ${before.listeners} to ${after.listeners}`,
      },
    ];
  });
}
