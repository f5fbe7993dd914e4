import type { Page } from "@holdfast/tools/testing-browser";
import type { Row } from "../report.ts";
import { at } from "../sharing/latencies.ts";
import { putNames } from "./put-names.ts";
import { watchFigures } from "@holdfast/web/testing/watched-figures";
import { cpuSlowdown, slowProcessor } from "./slow-network.ts";
import { withWebWorld } from "./web-world.ts";

/** Measures the time of pointer and key actions in a list of 1,000 until the next frame, as INP does. */
export function measurePageActs(folder: string, rounds: number): Promise<Row[]> {
  return withWebWorld(folder, async ({ api, server, open }) => {
    await putNames(api, "", 1000);
    const rows: Row[] = [];
    for (const rate of [1, cpuSlowdown]) {
      const page = await open();
      const figures = await watchFigures(page);
      await page.goto(`${server.url}/files`);
      await page.getByText("file 0.txt", { exact: true }).waitFor();
      await slowProcessor(page, rate);
      for (let round = 0; round < rounds; round += 1) await actOften(page);
      const { actsMs } = await figures();
      await page.context().close();
      const work = `acts in a list${rate === 1 ? "" : `, processor ${rate} times slower`}, p95`;
      const note = `of ${actsMs.length} that took 16 ms or more: median ${at(actsMs, 0.5)} ms, slowest ${at(actsMs, 1)} ms`;
      rows.push({
        work,
        by: "holdfast",
        value: at(actsMs, 0.95),
        unit: "ms",
        note,
        ...(rate === 1 ? { goal: { atMost: 100 } } : {}),
      });
    }
    return rows;
  });
}

/** Acts in a list without leaving it. */
async function actOften(page: Page): Promise<void> {
  const row = (name: string) => page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) });
  await row("file 1.txt").click();
  await row("file 5.txt").click({ modifiers: ["Shift"] });
  await row("file 8.txt").click({ modifiers: ["Control"] });
  for (const key of ["ArrowDown", "ArrowDown", "Shift+ArrowDown", "PageDown", "End", "Home", "Control+a", "Escape"])
    await page.keyboard.press(key);
  await row("file 2.txt").click({ button: "right" });
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await row("file 3.txt").click();
  await page.keyboard.press("F2");
  await page.keyboard.type("new");
  await page.keyboard.press("Escape");
}
