import { eventually } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";

/** Drops files on the shown file list, as from the desktop. The browser turns the paths into entries. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  await page.getByRole("heading", { level: 1, name: "Files" }).waitFor({ state: "attached" });
  await dropHere(page, paths);
}

/** Drops files on any page and waits until the tray shows them. */
export async function dropHere(page: Page, paths: readonly string[]): Promise<void> {
  await uploadsAreThere(page);
  await dropAtOnce(page, paths);
  await page.getByRole("region", { name: "Uploads" }).waitFor();
}

/** Drops files without waiting for the upload code. */
export async function dropAtOnce(page: Page, paths: readonly string[]): Promise<void> {
  // As in Firefox and Safari. Headless Chromium crashes on a handle that it reads from its database.
  await page.evaluate("delete DataTransferItem.prototype.getAsFileSystemHandle");
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  // Middle of a phone's screen, which is narrower than the default position.
  const x = Math.min(700, (page.viewportSize()?.width ?? Infinity) / 2);
  const drag = (type: "dragEnter" | "dragOver" | "drop") =>
    session.send("Input.dispatchDragEvent", { type, x, y: 500, data });
  await drag("dragEnter");
  // Waits until the page accepts the drop. Repeated moves, as a hand is never still.
  await eventually("the page offers to take what is dropped", 60_000, async () => {
    await drag("dragOver");
    return (await page.getByText(/^Drop to upload to /).isVisible()) ? true : undefined;
  });
  await drag("dragOver");
  await drag("drop");
  await session.detach();
}

/** Waits until the upload code is ready. */
export async function uploadsAreThere(page: Page): Promise<void> {
  // The app loads it with `later-hosts`, the link page with `tray-host`.
  await hasRun(page, /\/(?:later-hosts|tray-host)-[\w-]{8}\.js$/);
}

/** Waits until a lazily loaded script has run and the page is idle. */
export async function hasRun(page: Page, script: RegExp): Promise<void> {
  const found = await page.waitForFunction(
    (pattern) => performance.getEntriesByType("resource").find(({ name }) => new RegExp(pattern).test(name))?.name,
    script.source,
  );
  const address = JSON.stringify(await found.jsonValue());
  await page.evaluate(`import(${address}).then(() => new Promise((resolve) => requestIdleCallback(resolve)))`);
}
