import assert from "node:assert/strict";
import { test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../testing/axe.ts";
import { filesPage } from "../testing/files-page.ts";
import { makeFolder, makeLink, visit } from "../testing/link-visit.ts";
import { testApp } from "../testing/test-app.ts";

const app = testApp({ size: "phone", isTouch: true, isDark: true, locale: "de-DE" });

test("in dark German touch mode a wrong password is reported, the right one opens, and it expires later", async () => {
  app.expectComplaint(/status of 401/);
  await makeFolder(app, "/geheim/tief");
  await app.api.put("/geheim/Brief.txt", "Liebe Mia");
  const { url } = await makeLink(app, "/geheim", { password: "sesam" });
  const { page } = app;
  await page.clock.install();
  await visit(page, url);
  const open = page.getByRole("button", { name: "Öffnen", exact: true });
  await page.getByLabel("Passwort dieses Links").fill("gerste");
  await open.click();
  await page.getByText("Das ist nicht das Passwort.").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByLabel("Passwort dieses Links").fill("sesam");
  await open.click();
  const files = filesPage(page);
  await files.seen("Brief.txt");
  assert.deepEqual(await axeProblems(page), []);
  await page.clock.setSystemTime(Date.now() + 16 * 60_000);
  // The page may ask by itself first, for a poll. A tap would wait for the end of that dialog.
  await files
    .row("tief")
    .evaluate((row) => row.dispatchEvent(new PointerEvent("click", { bubbles: true, pointerType: "touch" })));
  await page.getByRole("dialog", { name: "Passwort noch einmal eingeben" }).waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.getByLabel("Passwort dieses Links").fill("sesam");
  await open.click();
  await page.getByRole("heading", { level: 1, name: "tief" }).waitFor();
  await page.getByText("Noch nichts hier.").waitFor();
});

longTest("too many guesses show when to try again", async () => {
  app.expectComplaint(/status of 401|status of 429/);
  const { url } = await makeLink(app, "/geraten", { password: "sesam" });
  const token = new URL(url).pathname.slice("/s/".length);
  const { page } = app;
  await visit(page, url);
  await page.getByLabel("Passwort dieses Links").fill("sesam");
  // Guesses from the same address exceed the rate limit.
  const guesses = Array.from({ length: 100 }, (_, guess) =>
    app.api.call("POST", "/links/session", { token, password: `${guess}` }),
  );
  assert.ok((await Promise.all(guesses)).some(({ status }) => status === 429));
  await page.getByRole("button", { name: "Öffnen", exact: true }).click();
  await page.getByText(/Das waren zu viele Versuche. Versuche es in .+ erneut./).waitFor();
});
