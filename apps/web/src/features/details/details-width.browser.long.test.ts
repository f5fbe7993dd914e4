import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import { cutOff } from "../../testing/cut-off.ts";
import { resize } from "../../testing/resize.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

test("no part of the details is cut off, in either layout, in English or German", async () => {
  const { page, api } = app;
  await api.put("/Plan.md", "# Plan");
  const id = await api.idOf("/Plan.md");
  await app.addPerson("Bob");
  await ok(api, "POST", `/files/${id}/share`, { email: "bob@example.com", role: "editor" });
  await ok(api, "POST", `/files/${id}/share`, { link: true, role: "viewer" });
  await app.signIn();
  await app.open("/files");
  for (const language of ["en", "de"]) {
    await page.evaluate((chosen) => localStorage.setItem("holdfast.preferences", chosen), JSON.stringify({ language }));
    for (const panel of ["sharing", "details"]) {
      // One panel loads on the widest screen, the other on the smallest.
      const ordered = panel === "sharing" ? widths : widths.toReversed();
      await page.setViewportSize({ width: ordered[0] ?? 0, height: 844 });
      await page.goto(`${app.server.url}/files?open=${id}&panel=${panel}`);
      await page.locator(`html[lang=${language}]`).waitFor({ state: "attached" });
      for (const width of ordered) {
        await resize(page, { width, height: 844 });
        // The preview is also a dialog. The panel stays the `aside` until React handles the new width.
        await page.locator("aside").waitFor({ state: width >= 1280 ? "visible" : "detached" });
        const tabs = page.locator(panelOf(width)).getByRole("tab");
        await tabs.first().waitFor();
        if (panel === "sharing") await page.locator(panelOf(width)).getByText("bob@example.com").first().waitFor();
        const place = `${panel} at ${width} px, ${language}`;
        assert.equal(await tabs.count(), 5, place);
        assert.deepEqual(await cutOff(page, panelOf(width)), [], place);
        assert.deepEqual(await scrolledAcross(page), [], place);
      }
    }
  }
});

const widths = [1440, 1280, 1200, 820, 390];

function panelOf(width: number): string {
  return width >= 1280 ? "aside" : "[role=dialog]";
}

function scrolledAcross(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("[role=tablist], [role=tabpanel], [role=tabpanel] *")]
      .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX === "auto")
      .map((each) => `${each.tagName} ${each.className}`),
  );
}
