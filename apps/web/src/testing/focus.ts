import { eventually } from "@holdfast/server/acceptance/testing";
import type { Frame, Locator, Page } from "@holdfast/tools/testing-browser";

/** Focus moves shortly after a layer opens or closes. Earlier key presses would reach another element. */
export async function hasFocus(element: Locator): Promise<void> {
  await eventually(`the focus is in ${String(element)}`, 30_000, async () =>
    (await element.evaluate((it) => it.contains(document.activeElement))) ? true : undefined,
  );
}

export function rowHasFocus(page: ReturnType<Locator["page"]>): Promise<void> {
  return hasFocus(page.locator("[role=row]:focus"));
}

/** Another process, so both sides learn it with a delay. */
export async function frameHasFocus(frame: Frame): Promise<void> {
  await frame.waitForFunction(() => document.hasFocus());
  await frame.page().waitForFunction(() => document.activeElement?.tagName === "IFRAME");
}

/**
 * Presses a key that moves the focus to another process or removes the focused frame. The browser may never confirm it,
 * and Playwright would wait forever.
 */
export async function pressAcross(page: Page, key: string): Promise<void> {
  await Promise.race([page.keyboard.press(key), page.waitForTimeout(5000)]);
}
