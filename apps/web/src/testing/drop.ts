import { eventually } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";

/** As from the desktop, on the list that shows: the browser gets paths, and gives the page entries. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  await page.getByRole("heading", { level: 1, name: "Files" }).waitFor({ state: "attached" });
  await dropHere(page, paths);
}

/** On whatever shows. Waits until the page says that they are on their way. */
export async function dropHere(page: Page, paths: readonly string[]): Promise<void> {
  await uploadsAreThere(page);
  await dropAtOnce(page, paths);
  await page.getByRole("region", { name: "Uploads" }).waitFor();
}

/** On whatever shows, whether or not there is anything yet that uploads. */
export async function dropAtOnce(page: Page, paths: readonly string[]): Promise<void> {
  // As in Firefox and Safari. The headless Chromium dies of a handle that it reads from its database.
  await page.evaluate("delete DataTransferItem.prototype.getAsFileSystemHandle");
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  // In the middle of a phone, which is narrower than where one of a desk is dropped.
  const x = Math.min(700, (page.viewportSize()?.width ?? Infinity) / 2);
  const drag = (type: "dragEnter" | "dragOver" | "drop") =>
    session.send("Input.dispatchDragEvent", { type, x, y: 500, data });
  await drag("dragEnter");
  // Only once it is known whether one may, and where to. A hand is never still.
  await eventually("the page offers to take what is dropped", 60_000, async () => {
    await drag("dragOver");
    return (await page.getByText(/^Drop to upload to /).isVisible()) ? true : undefined;
  });
  await drag("dragOver");
  await drag("drop");
  await session.detach();
}

/** Waits until what uploads can take something. */
export async function uploadsAreThere(page: Page): Promise<void> {
  // A part of what stands around every place of the app, and a script of its own on the page of a link.
  await hasRun(page, /\/(?:later-hosts|tray-host)-[\w-]{8}\.js$/);
}

/** Waits for a script that comes behind the first list: it has run, with all that it needs, and the page has rested since. */
export async function hasRun(page: Page, script: RegExp): Promise<void> {
  const found = await page.waitForFunction(
    (pattern) => performance.getEntriesByType("resource").find(({ name }) => new RegExp(pattern).test(name))?.name,
    script.source,
  );
  const address = JSON.stringify(await found.jsonValue());
  await page.evaluate(`import(${address}).then(() => new Promise((resolve) => requestIdleCallback(resolve)))`);
}
