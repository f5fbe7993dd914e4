import assert from "node:assert/strict";
import type { Frame } from "@holdfast/tools/testing-browser";
import type { App } from "./test-app.ts";

/** The page around the frame has the heading. @public */
export const inFrame = { without: ["page-has-heading-one"] };

/** Page object of a preview. @public */
export function previewPage(app: App) {
  return {
    /** @returns the frame when loaded */
    open: async (path: string): Promise<Frame> => {
      await app.page.goto(`${app.server.url}/files?open=${await app.api.idOf(path)}`);
      const handle = await app.page.locator("iframe").elementHandle();
      const frame = await handle?.contentFrame();
      assert.ok(frame !== null && frame !== undefined);
      await frame.waitForURL(/preview-frame/);
      return frame;
    },
    close: async () => {
      await app.page.getByRole("button", { name: "Close", exact: true }).click();
      await app.page.getByRole("dialog").waitFor({ state: "detached" });
    },
  };
}
