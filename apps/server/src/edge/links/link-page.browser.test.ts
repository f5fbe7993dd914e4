import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "../../acceptance/testing.ts";
import { longTest } from "@holdfast/tools/tiers";

/** A phone without scripts. */
const browser = useBrowser({ width: 390, height: 844 }, { javaScriptEnabled: false });
const { takePictures } = browser;
let page: Page;
let complaints: readonly string[];
let folder: string;
let server: RunningServer;
let owner: Api;

const hostile = "<img src=x onerror=alert(1)>&amp;\"'.txt";
const turned = "holiday\u202egpj.exe";
const long = `${"verylongname".repeat(20)}.bin`;
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

before(async () => {
  folder = makeFolder("link-page-browser");
  server = await startServer({ dataFolder: `${folder}/data` });
  owner = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});
beforeEach(() => {
  ({ page, complaints } = browser);
});

const mkdir = async (path: string): Promise<string> =>
  (await owner.call("POST", "/metadata", { path, kind: "folder", parents: true })).body.id;
const makeLink = async (node: string, fields: Record<string, unknown> = {}): Promise<string> =>
  (await owner.call("POST", `/files/${node}/share`, { link: true, role: "viewer", ...fields })).body.url;
const namesIn = async (id: string): Promise<string[]> =>
  (await owner.call("GET", `/folders/${id}/contents`)).body.items.map(({ name }: { name: string }) => name);
const assertFits = async () => {
  const wide: number = await page.evaluate("document.documentElement.scrollWidth");
  const seen: number = await page.evaluate("innerWidth");
  assert.ok(wide <= seen, `${wide} pixels wide, of which ${seen} are seen`);
};
const downloaded = async (click: () => Promise<void>) => {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
};

test("a folder lists hostile names safely, fits a phone screen, and downloads one file or all", async () => {
  const top = await mkdir("/party");
  for (const name of [hostile, turned, long]) await owner.put(`/party/${name}`, `content of ${name}`);
  await owner.put("/party/pixel.png", picture);
  await mkdir(`/party/${"folder".repeat(30)}`);
  await page.goto(await makeLink(top));
  await page.getByRole("heading", { name: "party" }).waitFor();
  await takePictures("link-folder");
  await assertFits();
  const links = page.getByRole("listitem");
  assert.equal(await links.count(), 5);
  assert.equal(await page.locator("img").count(), 1, "a name became markup");
  assert.equal(await page.getByRole("link", { name: hostile, exact: true }).count(), 1);
  const text = await page.locator("main").innerText();
  assert.doesNotMatch(text, /\u202e/, "a name turns what stands behind it around");
  const isShown = await page.evaluate("document.querySelector('img').naturalWidth");
  assert.equal(isShown, 1, "the picture is not shown");
  const one = await downloaded(() => page.getByRole("link", { name: hostile, exact: true }).click());
  assert.equal(one.bytes.toString(), `content of ${hostile}`);
  const all = await downloaded(() => page.getByRole("link", { name: "Download all as zip" }).click());
  assert.equal(all.name, "party.zip");
  assert.equal(all.bytes.subarray(0, 2).toString(), "PK");
  await page.getByRole("link", { name: /^(folder){30}\/$/ }).click();
  await page.getByText("This folder is empty.").waitFor();
  await assertFits();
  await page.getByRole("link", { name: "Up" }).click();
  await page.getByRole("heading", { name: "party" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("by keyboard: a wrong password, the right one, then a file", async () => {
  const top = await mkdir("/locked");
  await owner.put("/locked/note.txt", "for those who know");
  await page.goto(await makeLink(top, { password: "open sesame" }));
  await takePictures("link-password");
  await assertFits();
  const type = async (text: string) => {
    // Without scripts, `waitForFunction` checks only once.
    await page.locator("[name=password]:focus").waitFor();
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  };
  await type("open barley");
  await page.getByRole("alert").filter({ hasText: "Wrong password. Try again." }).waitFor();
  await assertFits();
  await type("open sesame");
  const file = page.getByRole("link", { name: "note.txt" });
  await file.waitFor();
  await tabTo("note.txt");
  const got = await downloaded(() => page.keyboard.press("Enter"));
  assert.equal(got.bytes.toString(), "for those who know");
  // The browser itself logs the 403 for the wrong password.
  assert.deepEqual(
    complaints.filter((text) => !text.includes("403")),
    [],
  );
});

for (const role of ["editor", "uploader"] as const) {
  (role === "uploader" ? test : longTest)(`files can be sent by form as ${role}`, async () => {
    const top = await mkdir(`/inbox of ${role}`);
    await owner.put(`/inbox of ${role}/there.txt`, "before");
    await page.goto(await makeLink(top, { role, password: "p" }));
    await page.getByLabel("Link password").fill("p");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByLabel("Choose files").waitFor();
    await page.waitForLoadState();
    assert.equal(await page.getByText("there.txt").count(), role === "editor" ? 1 : 0);
    await page.getByLabel("Choose files").setInputFiles([
      { name: hostile, mimeType: "text/plain", buffer: Buffer.from("sent") },
      { name: "pixel.png", mimeType: "image/png", buffer: picture },
    ]);
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByRole("status").filter({ hasText: "Sent: 2 files." }).waitFor();
    await page.waitForLoadState();
    await takePictures(`link-${role}`);
    await assertFits();
    assert.equal(await page.getByText("pixel.png").count(), role === "editor" ? 1 : 0);
    assert.deepEqual(new Set(await namesIn(top)), new Set([hostile, "pixel.png", "there.txt"]));
    assert.deepEqual(complaints, []);
  });
}

test("text is light in dark mode", async () => {
  const url = await makeLink(await mkdir("/dark"));
  const lightnessIn = async (colorScheme: "light" | "dark") => {
    await page.emulateMedia({ colorScheme });
    await page.goto(url);
    const color = String(await page.evaluate("getComputedStyle(document.querySelector('h1')).color"));
    const channels = color.match(/\d+/g) ?? [];
    return channels.slice(0, 3).reduce((sum, channel) => sum + Number(channel), 0) / 3;
  };
  const [light, dark] = [await lightnessIn("light"), await lightnessIn("dark")];
  assert.ok(light < 64 && dark > 192, `${light} in the light, ${dark} in the dark`);
});

longTest("a link can be reported by form and keyboard", async () => {
  await page.goto(await makeLink(await mkdir("/reported")));
  await tabTo("Report this link");
  await page.keyboard.press("Enter");
  await page.getByLabel("What is wrong with it?").waitFor();
  await assertFits();
  await takePictures("link-report");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.type("It asks for my password.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Thank you" }).waitFor();
  await assertFits();
  const [report] = (await owner.call("GET", "/admin/reports")).body.items;
  assert.deepEqual([report.reason, report.text], ["malware", "It asks for my password."]);
  assert.deepEqual(complaints, []);
});

test("a missing link shows an error page", async () => {
  await page.goto(`${server.url}/s/hfl_nothing`);
  await page.getByText("The link does not exist or has expired.").waitFor();
  await takePictures("link-missing");
  await assertFits();
});

async function tabTo(text: string): Promise<void> {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate("document.activeElement.textContent")) === text) return;
  }
  assert.fail(`${text} cannot be reached with the keyboard`);
}
