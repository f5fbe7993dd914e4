import { eventually } from "@holdfast/server/acceptance/testing";
import type { Frame, Locator, Page } from "@holdfast/tools/testing-browser";

/**
 * Waits until the keyboard is in it: what opens is seen a moment before it has the focus, and what it lay over has it again a moment after it
 * is gone. What is pressed in between goes elsewhere.
 */
export async function hasFocus(element: Locator): Promise<void> {
  await eventually(`the focus is in ${String(element)}`, 30_000, async () =>
    (await element.evaluate((it) => it.contains(document.activeElement))) ? true : undefined,
  );
}

/** The same of any row of the list. */
export function rowHasFocus(page: ReturnType<Locator["page"]>): Promise<void> {
  return hasFocus(page.locator("[role=row]:focus"));
}

/** Another process, which hears in its own time that the keyboard is its own; so does the page that it is no more. */
export async function frameHasFocus(frame: Frame): Promise<void> {
  await frame.waitForFunction(() => document.hasFocus());
  await frame.page().waitForFunction(() => document.activeElement?.tagName === "IFRAME");
}

/**
 * Presses a key that leads the keyboard to another process, or ends the frame that has it. The browser may lose its own answer to such a key,
 * and Playwright would wait for it for ever.
 */
export async function pressAcross(page: Page, key: string): Promise<void> {
  await Promise.race([page.keyboard.press(key), page.waitForTimeout(5000)]);
}
