import { eventually } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";

export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  await page.getByRole("heading", { level: 1, name: "Files" }).waitFor({ state: "attached" });
  await dropHere(page, paths);
}

export async function dropHere(page: Page, paths: readonly string[]): Promise<void> {
  await uploadsAreThere(page);
  await dropAtOnce(page, paths);
  await page.getByRole("region", { name: "Uploads" }).waitFor();
}

/** Does not wait for the upload code. */
export async function dropAtOnce(page: Page, paths: readonly string[]): Promise<void> {
  // Simulates Firefox and Safari. Headless Chromium crashes on a stored handle.
  await page.evaluate("delete DataTransferItem.prototype.getAsFileSystemHandle");
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  // Middle of a narrow phone.
  const x = Math.min(700, (page.viewportSize()?.width ?? Infinity) / 2);
  const drag = (type: "dragEnter" | "dragOver" | "drop") =>
    session.send("Input.dispatchDragEvent", { type, x, y: 500, data });
  await drag("dragEnter");
  // Repeats moves until the page accepts the drop.
  await eventually("the page offers to take what is dropped", 60_000, async () => {
    await drag("dragOver");
    return (await page.getByText(/^Drop to upload to /).isVisible()) ? true : undefined;
  });
  await drag("dragOver");
  await drag("drop");
  await session.detach();
}

export async function uploadsAreThere(page: Page): Promise<void> {
  // A part of `later-hosts` in the app, `tray-host` on the link page.
  await hasRun(page, /\/(?:later-hosts|tray-host)-[\w-]{8}\.js$/);
}

export async function hasRun(page: Page, script: RegExp): Promise<void> {
  const found = await page.waitForFunction(
    (pattern) => performance.getEntriesByType("resource").find(({ name }) => new RegExp(pattern).test(name))?.name,
    script.source,
  );
  const address = JSON.stringify(await found.jsonValue());
  await page.evaluate(`import(${address}).then(() => new Promise((resolve) => requestIdleCallback(resolve)))`);
}
