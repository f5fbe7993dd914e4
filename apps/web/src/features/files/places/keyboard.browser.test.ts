import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, eventually, ok } from "@holdfast/server/acceptance/testing";
import { uploadsAreThere } from "../../../testing/drop.ts";
import { becomes } from "../../../testing/files-app.ts";
import { filesPage } from "../../../testing/files-page.ts";
import { testApp } from "../../../testing/test-app.ts";

const app = testApp();

const focused = () =>
  app.page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return "nowhere";
    const label = element.getAttribute("aria-label") ?? element.textContent.trim().split("\n")[0] ?? "";
    const field = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
    return `${element.getAttribute("role") ?? element.tagName.toLowerCase()} ${(field ?? label).slice(0, 40)}`;
  });

const tabTo = async (wanted: RegExp, key = "Tab") => {
  const way: string[] = [];
  for (let press = 0; press < 40; press++) {
    await app.page.keyboard.press(key);
    way.push(await focused());
    if (wanted.test(way.at(-1) ?? "")) return;
  }
  assert.fail(`${wanted} is not on the way: ${way.join(", ")}`);
};
const focusIs = (wanted: RegExp) =>
  eventually(String(wanted), 30_000, async () => (wanted.test(await focused()) ? true : undefined)).catch(async () =>
    assert.match(await focused(), wanted),
  );

test("sign-in, upload, new folder, rename, move, share, trash and restore work by keyboard", async () => {
  const { page } = app;
  const { keyboard } = page;
  const bob = await app.addPerson("Bob");
  const files = filesPage(page);
  const namesIn = async (path: string): Promise<readonly string[]> => {
    const { items } = await ok(app.api, "GET", `/folders/${await app.api.idOf(path)}/contents?sort=natural`);
    return items.map(({ name }: { name: string }) => name);
  };

  await app.open("/sign-in");
  await tabTo(/E-mail address/);
  await keyboard.type(administrator.email);
  await keyboard.press("Tab");
  await keyboard.type(administrator.password);
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Files" }).waitFor({ state: "attached" });

  await uploadsAreThere(page);
  const chooser = page.waitForEvent("filechooser");
  await tabTo(/^button Upload/);
  await keyboard.press("Enter");
  await focusIs(/^menuitem Upload files/);
  await keyboard.press("Enter");
  await (await chooser).setFiles({ name: "report.txt", mimeType: "text/plain", buffer: Buffer.from("words") });
  await files.seen("report.txt");
  await becomes(() => namesIn("/"), ["report.txt"]);

  await focusIs(/^button Upload/);
  await keyboard.press("Shift+Tab");
  await focusIs(/^button New/);
  await keyboard.press("Enter");
  await focusIs(/^menuitem New folder/);
  await keyboard.press("Enter");
  await focusIs(/New name/);
  await keyboard.type("Papers");
  await keyboard.press("Enter");
  await focusIs(/^row .*Papers/);
  await becomes(() => namesIn("/"), ["Papers", "report.txt"]);

  await keyboard.press("ArrowDown");
  await focusIs(/^row .*report/);
  await keyboard.press("F2");
  await focusIs(/New name/);
  await keyboard.type("plan");
  await keyboard.press("Enter");
  await focusIs(/^row .*plan/);
  await keyboard.press("Control+x");
  await keyboard.press("ArrowUp");
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "Papers", exact: true }).waitFor();
  await focusIs(/^group Nothing here yet/);
  await keyboard.press("Control+v");
  await files.seen("plan.txt");
  await becomes(() => namesIn("/Papers"), ["plan.txt"]);

  await keyboard.press("Alt+ArrowUp");
  await files.seen("Papers");
  await focusIs(/^row .*Papers/);
  await keyboard.press("Home");
  await keyboard.press("Shift+F10");
  await focusIs(/^menuitem Open/);
  await keyboard.press("s");
  await focusIs(/^menuitem Share/);
  await keyboard.press("Enter");
  await page.getByRole("tab", { name: "Sharing", selected: true }).waitFor();
  await focusIs(/^combobox Add people/);
  await keyboard.type("bob@example.com");
  await keyboard.press("Enter");
  await page.getByRole("button", { name: /^Remove bob/i }).waitFor();
  await keyboard.press("Enter");
  await page.getByText("Bob", { exact: true }).waitFor();
  await eventually("what Bob sees", 30_000, async () => {
    const { items } = await ok(bob.api, "GET", "/shared-with-me");
    return items.some(({ node }: { node: { name: string } }) => node.name === "Papers") ? true : undefined;
  });

  await tabTo(/^row .*Papers/, "Shift+Tab");
  await keyboard.press("Delete");
  await becomes(() => namesIn("/"), []);
  await focusIs(/^group/);
  await tabTo(/^a Trash/, "Shift+Tab");
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Trash" }).waitFor();
  await files.seen("Papers");
  await focusIs(/^row .*Papers/);
  await keyboard.press("Home");
  await keyboard.press("Enter");
  await becomes(() => namesIn("/"), ["Papers"]);
});
