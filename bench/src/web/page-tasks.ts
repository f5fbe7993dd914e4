import type { Row } from "../report.ts";
import { watchFigures } from "@holdfast/web/testing/watched-figures";
import { copyRealFiles } from "./real-files.ts";
import { uploadAll } from "./upload-all.ts";
import { withWebWorld } from "./web-world.ts";

export async function measurePageTasks(folder: string, files: number): Promise<Row[]> {
  const { path } = copyRealFiles(`${folder}-files`, files);
  return withWebWorld(folder, async ({ server, open }) => {
    const page = await open();
    const figures = await watchFigures(page);
    await page.goto(`${server.url}/files`);
    await page.getByRole("heading", { level: 1, name: "Files" }).waitFor({ state: "attached" });
    const before = (await figures()).longTasksMs.length;
    await uploadAll(page, path, files);
    const { longTasksMs } = await figures();
    const during = longTasksMs.slice(before);
    return [
      {
        work: `upload of ${files} files: longest task of the page`,
        by: "holdfast",
        value: Math.max(0, ...during),
        unit: "ms",
        goal: { atMost: 100 },
        note: `${during.length} over 50 ms`,
      },
    ];
  });
}
