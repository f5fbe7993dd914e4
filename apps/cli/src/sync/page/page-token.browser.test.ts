import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { type Locator, type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { longTest } from "@holdfast/tools/tiers";
import type { ControlChannel } from "../control-channel.ts";
import { ShownConfiguration, type ShownSync } from "./testing-syncs.ts";

const configuration = new ShownConfiguration();
let drive: ShownSync;
let channel: ControlChannel;
let other: ControlChannel;
let page: Page;
let complaints: readonly string[];
const browser = useBrowser({ width: 700, height: 900 });
const { takePictures } = browser;

before(async () => {
  ({ shown: drive, channel } = await configuration.add("Drive"));
  ({ channel: other } = await configuration.add("Photos"));
});
after(() => configuration.close());
beforeEach(async () => {
  ({ page, complaints } = browser);
  await drive.resume();
});

const summary = (of: Page = page): Locator => of.locator("#summary");

test("the page removes the token from its address, and survives a reload", async () => {
  await page.goto(channel.pageUrl);
  await summary().getByText("in sync").waitFor();
  assert.equal(page.url(), new URL("/", channel.pageUrl).href);
  await page.reload();
  await summary().getByText("in sync").waitFor();
  assert.equal(page.url(), new URL("/", channel.pageUrl).href);
  assert.deepEqual(await page.context().cookies(), []);
  assert.deepEqual(complaints, []);
});

longTest("another tab needs only the bare address while one is open, and closing all removes the token", async () => {
  await page.goto(channel.pageUrl);
  await summary().getByText("in sync").waitFor();
  const second = await page.context().newPage();
  await second.goto(new URL("/", channel.pageUrl).href);
  await summary(second).getByText("in sync").waitFor();
  await second.getByRole("alert").waitFor({ state: "hidden" });
  await page.close();
  await second.reload();
  await second.getByRole("button", { name: `Pause ${drive.sync.record.root}` }).click();
  await second.getByText("Paused", { exact: true }).waitFor();
  await second.goto("about:blank");
  const third = await page.context().newPage();
  await third.goto(new URL("/", channel.pageUrl).href);
  await third.getByRole("alert").getByText("Open the address that 'holdfast status' shows").waitFor();
  assert.deepEqual(await third.evaluate("[document.cookie, localStorage.length, sessionStorage.length]"), ["", 0, 0]);
  await second.goto(channel.pageUrl);
  await third.getByText("Paused", { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
});

longTest("a wrong token in one tab affects no other", async () => {
  await page.goto(channel.pageUrl);
  await summary().getByText("in sync").waitFor();
  const second = await page.context().newPage();
  await second.goto(new URL("/#token=wrong", channel.pageUrl).href);
  // After its own token was rejected, the tab uses that of the other.
  await summary(second).getByText("in sync").waitFor();
  await page.getByRole("button", { name: `Pause ${drive.sync.record.root}` }).waitFor();
});

test("a page without the right token shows and controls nothing, explains what to open, and accepts the right address", async () => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(new URL("/", channel.pageUrl).href);
  await page.getByRole("alert").getByText("Open the address that 'holdfast status' shows").waitFor();
  assert.deepEqual(asked, ["/"], "there is nothing to ask with");
  assert.deepEqual(complaints, []);
  const refused = page.waitForResponse((response) => response.status() === 401);
  await page.goto(new URL("/#token=wrong", channel.pageUrl).href);
  await refused;
  await page.getByRole("alert").getByText("Open the address that 'holdfast status' shows").waitFor();
  assert.equal(await page.getByRole("button").filter({ visible: true }).count(), 0);
  assert.equal(await page.getByRole("region").count(), 0);
  await takePictures("locked");
  await page.goto(channel.pageUrl);
  await summary().getByText("in sync").waitFor();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  assert.equal(page.url(), new URL("/", channel.pageUrl).href);
});

test("one client's token is invalid for another, whose page has its own", async () => {
  const token = channel.pageUrl.split("#")[1] ?? "";
  await page.goto(`${new URL("/", other.pageUrl).href}#${token}`);
  await page.getByRole("alert").getByText("Open the address that 'holdfast status' shows").waitFor();
  await page.goto(other.pageUrl);
  await summary().getByText("2 in sync").waitFor();
  assert.deepEqual((await page.getByRole("heading", { level: 2 }).allTextContents())[0], "Photos");
});

test("another port of this machine gets nothing of the token", async () => {
  const heard: string[] = [];
  const stranger = createServer((request, response) => {
    heard.push(JSON.stringify([request.url, request.headers]));
    response.writeHead(200, { "content-type": "text/html" }).end("<title>other</title>");
  });
  await new Promise<void>((resolve) => void stranger.listen(0, "127.0.0.1", resolve));
  try {
    const token = channel.pageUrl.split("=")[1] ?? "";
    assert.notEqual(token, "");
    await page.goto(channel.pageUrl);
    await summary().getByText("in sync").waitFor();
    await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
    assert.equal(await page.title(), "other");
    assert.ok(heard.length > 0 && !heard.join().includes(token), heard.join());
    assert.deepEqual(await page.evaluate("[document.cookie, document.referrer, sessionStorage.length]"), ["", "", 0]);
  } finally {
    stranger.closeAllConnections();
    await new Promise((resolve) => stranger.close(resolve));
  }
});
