import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { type Locator, type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { axeProblems } from "@holdfast/web/testing/axe";
import { longTest } from "@holdfast/tools/tiers";
import type { ControlChannel } from "../control-channel.ts";
import type { KnownSync } from "../known-syncs.ts";
import { ShownConfiguration, type ShownSync, writeLog } from "./testing-syncs.ts";

const configuration = new ShownConfiguration();
let drive: ShownSync;
let photos: ShownSync;
let stopped: KnownSync;
let channel: ControlChannel;
let page: Page;
let complaints: readonly string[];
const browser = useBrowser({ width: 390, height: 900 });
const { takePictures } = browser;
const copy = "notes/plan (bert's conflicted copy 2026-01-31).txt";
const resting = (sync: ShownSync): void => {
  const quiet = { state: "idle", problems: [], conflicts: [], deletions_waiting: 0 } as const;
  Object.assign(sync, { now: { ...sync.now, ...quiet }, deletions: [], progress: undefined });
  sync.limits = { up: 0, down: 0 };
  sync.calls.length = 0;
};

before(async () => {
  ({ shown: drive, channel } = await configuration.add("Drive"));
  ({ shown: photos } = await configuration.add("Photos"));
  stopped = await configuration.addStopped("Music");
  writeLog(drive.sync, [
    { at: "2026-01-31T11:59:00Z", what: "created", path: "notes/<b>plan</b>.txt", by: "here", message: null },
    { at: "2026-01-31T11:59:01Z", what: "problem", path: "film.mkv", by: null, message: "It is too large." },
  ]);
});
after(() => configuration.close());
beforeEach(() => {
  ({ page, complaints } = browser);
  for (const each of [drive, photos]) resting(each);
});

const folder = (name: string): Locator => page.getByRole("region", { name, exact: true });
const summary = (): Locator => page.locator("#summary");

async function axeFindings(): Promise<string[]> {
  const found: string[] = [];
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await axeProblems(page)).map((each) => `${width} ${colorScheme} ${each}`));
    }
    const beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    if (Number(beyond) > 0) found.push(`${width}: the page is ${String(beyond)} pixels too wide`);
  }
  await page.setViewportSize({ width: 390, height: 900 });
  return found;
}

function busy(): void {
  const problem = (path: string) => ({ path, code: "quota", message: "Not enough space in your quota." });
  drive.now = {
    ...drive.now,
    state: "waiting",
    problems: [
      ...Array.from({ length: 20_000 }, (_, index) => problem(`many/${index}`)),
      { path: "", code: "not_watched", message: "Changes are found by a scan every hour alone." },
      { path: "x:y", code: "skipped", message: "No node can be called so." },
    ],
    conflicts: [copy],
    deletions_waiting: 2,
  };
  drive.deletions = [
    { id: "a", what: "deletion", path: "photos/1.jpg", side: "here", kind: "file", bytes: 7 },
    { id: "b", what: "deletion", path: "photos/2.jpg", side: "here", kind: "file", bytes: 7 },
  ];
  photos.now = { ...photos.now, state: "syncing", pending_files: 28 };
  photos.progress = {
    share: 0.45,
    bytesPerSecond: 5 * 2 ** 20,
    secondsLeft: 185,
    bytes: { done: 45 * 2 ** 20, of: 100 * 2 ** 20 },
    changes: { done: 1200, of: 4000 },
    pendingFiles: 2800,
    names: ["holiday/b.jpg", "holiday/a.jpg"],
  };
}

longTest(
  "all folders of the configuration are on one page, each with its state as a word, an icon and a colour",
  async () => {
    busy();
    photos.now = { ...photos.now, state: "offline" };
    await page.goto(channel.pageUrl);
    await summary().getByText("1 waiting for you, 1 not running, 1 the server cannot be reached").waitFor();
    assert.equal(await page.title(), `${await summary().textContent()} – Holdfast`);
    const seen = await page.getByRole("heading", { level: 2 }).allTextContents();
    assert.deepEqual(seen, ["Drive", "Music", "Photos"], "the client's own first");
    const looks = new Set<string>();
    for (const [name, word] of [
      ["Drive", "Waiting for you"],
      ["Music", "Not running"],
      ["Photos", "The server cannot be reached"],
    ] as const) {
      const state = folder(name).locator(".state");
      assert.equal((await state.textContent())?.trim(), word);
      const colour = `getComputedStyle(document.querySelectorAll(".state")[${seen.indexOf(name)}]).color`;
      looks.add(await page.evaluate<string>(colour));
      looks.add((await state.locator("path").getAttribute("d")) ?? "");
      const where = (await folder(name).locator(".where").textContent()) ?? "";
      assert.match(where, /^ann@example\.org at https:\/\/drive\.example, this device is laptop/);
    }
    assert.equal(looks.size, 6, "three colours and three icons");
    photos.now = { ...photos.now, state: "waiting", problems: [{ path: "", code: "store_full", message: "Full." }] };
    await summary().getByText("1 waiting for you, 1 waiting for space on the server, 1 not running").waitFor();
    await folder("Photos").locator(".state").getByText("Waiting for space on the server").waitFor();
    await folder("Music").getByText(`Start it with: holdfast sync ${stopped.record.root}`).waitFor();
    assert.deepEqual(complaints, []);
  },
);

longTest("a working sync shows a bar, the rate, amounts done and left, the time left and current files", async () => {
  busy();
  await page.goto(channel.pageUrl);
  const bar = folder("Photos").getByRole("progressbar", { name: "Progress of Photos" });
  await bar.waitFor();
  assert.equal(await bar.getAttribute("value"), "0.45");
  await folder("Photos").getByText("45 %, 5.0 MiB/s, 3:05 left", { exact: true }).waitFor();
  const amounts = "1,200 of 4,000 changes, 45 MiB of 100 MiB; 2,800 changes, 55 MiB left";
  await folder("Photos").getByText(amounts, { exact: true }).waitFor();
  const names = folder("Photos").getByRole("list", { name: "Transferring now" }).getByRole("listitem");
  assert.deepEqual(await names.allTextContents(), ["holiday/b.jpg", "holiday/a.jpg"]);
  const none = { share: undefined, bytesPerSecond: 0, secondsLeft: undefined, pendingFiles: 0, names: [] };
  const looked = "looking for changes: 12,400 files seen";
  photos.progress = { ...none, bytes: { done: 0, of: 0 }, changes: { done: 0, of: 0 }, looked };
  await folder("Photos").getByText("Looking for changes: 12,400 files seen", { exact: true }).waitFor();
  resting(photos);
  await folder("Photos").getByText("In sync", { exact: true }).waitFor();
  await bar.waitFor({ state: "hidden" });
});

longTest("problems of one kind are one entry with their number, separate from items that are only listed", async () => {
  busy();
  await page.goto(channel.pageUrl);
  const problems = folder("Drive").locator(".problems");
  await problems.getByText("20,000 files: Not enough space in your quota.").waitFor();
  await problems.getByText("many/0, many/1, many/2 and 19,997 more").waitFor();
  await problems.getByText("Changes are found by a scan every hour alone.").waitFor();
  await problems.getByText("The first 50").click();
  const paths = problems.getByRole("list", { name: "Where: Not enough space in your quota." }).getByRole("listitem");
  assert.equal(await paths.count(), 51);
  assert.equal(await paths.last().textContent(), "and 19,950 more");
  drive.now = { ...drive.now, problems: drive.now.problems.slice(0, 19_000) };
  await problems.getByText("and 18,950 more").waitFor();
  drive.now = { ...drive.now, problems: [{ path: "x:y", code: "skipped", message: "No node can be called so." }] };
  await problems.waitFor({ state: "hidden" });
  await folder("Drive").getByText("Notices (1)").click();
  await folder("Drive").locator(".listed").getByText("No node can be called so.").waitFor();
});

test("recent changes come from the log, the newest first, and names are plain text", async () => {
  await page.goto(channel.pageUrl);
  const recent = folder("Drive").getByRole("list", { name: "Recent changes, newest first" }).getByRole("listitem");
  await recent.getByText("created here: notes/<b>plan</b>.txt").waitFor();
  assert.match((await recent.first().textContent()) ?? "", /problem: film\.mkv: It is too large\.$/);
  await folder("Photos").getByText("No changes yet.").waitFor();
  assert.deepEqual(complaints, []);
});

longTest(
  "a conflict is resolved by keeping the original, the copy or both, and with a folder by the original or both",
  async () => {
    writeFileSync(join(drive.sync.record.root, "plan.txt"), "text");
    const copies = ["plan (a's conflicted copy 2026-01-31).txt", copy];
    drive.now = { ...drive.now, conflicts: copies };
    await page.goto(channel.pageUrl);
    const conflicts = folder("Drive").locator(".conflicts");
    await conflicts.getByRole("heading", { name: "2 conflicts" }).waitFor();
    await conflicts.getByText("plan.txt – original, as on the server, 4 B, changed").waitFor();
    assert.equal(await conflicts.getByRole("button").count(), 4);
    await conflicts.getByRole("button", { name: "Keep original: plan.txt, original, as on the server, 4 B" }).click();
    await page
      .locator("#told")
      .getByText("Kept original: plan.txt, original, as on the server, 4 B, changed")
      .waitFor();
    await conflicts.getByRole("button", { name: `Keep copy: ${copy}, version of bert` }).click();
    await conflicts.waitFor({ state: "hidden" });
    drive.now = { ...drive.now, conflicts: copies };
    await conflicts.getByRole("button", { name: "Keep both" }).click();
    await conflicts.getByRole("heading", { name: "1 conflict" }).waitFor();
    const [first] = copies;
    assert.deepEqual(drive.calls, [`keep original of ${first}`, `keep copy of ${copy}`, `keep both of ${first}`]);
    mkdirSync(join(drive.sync.record.root, "link"), { recursive: true });
    drive.now = { ...drive.now, conflicts: ["link (a's conflicted copy 2026-01-31)"] };
    await conflicts.getByText("link – original, as on the server, folder, changed").waitFor();
    assert.deepEqual(await conflicts.getByRole("button").allTextContents(), ["Keep original", "Keep both"]);
  },
);

longTest("the buttons of a conflict are equally wide, and closer to their own file than to the next", async () => {
  const original = join(drive.sync.record.root, "plan.txt");
  writeFileSync(original, "text");
  drive.now = { ...drive.now, state: "waiting", conflicts: ["plan (vm's conflicted copy 2026-01-31).txt"] };
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(channel.pageUrl);
    const rows = folder("Drive").locator(".conflicts .choice");
    await rows.getByText("version of vm, ").waitFor();
    const boxes = await rows.evaluateAll((all) =>
      all.map((row) => {
        const [text, button] = [row.querySelector("span"), row.querySelector("button")].map((each) =>
          each?.getBoundingClientRect(),
        );
        return {
          top: text?.top ?? 0,
          textEnd: text?.bottom ?? 0,
          begin: button?.top ?? 0,
          end: button?.bottom ?? 0,
          width: button?.width,
        };
      }),
    );
    assert.equal(boxes.length, 3);
    assert.equal(new Set(boxes.map((box) => box.width)).size, 1, "one width");
    for (const [index, { begin, end, textEnd }] of boxes.entries()) {
      const next = boxes[index + 1];
      if (next === undefined) continue;
      const gap = Math.min(next.top, next.begin) - Math.max(end, textEnd);
      assert.ok(gap >= 8 && gap > begin - textEnd, `${width}: ${gap}`);
    }
    const name = await folder("Drive").getByRole("heading", { name: "Drive" }).boundingBox();
    const pause = await folder("Drive")
      .getByRole("button", { name: /^Pause/ })
      .boundingBox();
    assert.ok(name !== null && pause !== null);
    assert.ok(pause.y < name.y + name.height && name.y < pause.y + pause.height, "name and Pause share a line");
    assert.ok(pause.x > name.x + 100, "and Pause stands at its end");
  }
  assert.deepEqual(await axeFindings(), []);
});

test("waiting changes are shown by folder, and exactly those shown are approved or undone", async () => {
  busy();
  await page.goto(channel.pageUrl);
  const waiting = folder("Drive").locator(".deletions");
  await waiting.getByRole("heading", { name: "2 deletions wait for you" }).waitFor();
  await waiting.getByText("photos/: 2 files (14 B) would be deleted here").waitFor();
  await waiting.getByRole("button", { name: "Restore them" }).click();
  await page.locator("#told").getByText("Restore them.").waitFor();
  await waiting.getByRole("button", { name: "Approve exactly these" }).click();
  await waiting.waitFor({ state: "hidden" });
  assert.deepEqual(drive.calls, ["undo a,b", "approve a,b"]);
});

test("an answer is rejected if more changes wait than were shown", async () => {
  busy();
  await page.goto(channel.pageUrl);
  const waiting = folder("Drive").locator(".deletions");
  await waiting.getByText("photos/: 2 files (14 B) would be deleted here").waitFor();
  await page.route("**/overview", (route) => route.abort());
  const more = { id: "c", what: "deletion", path: "photos/3.jpg", side: "here", kind: "file", bytes: 7 } as const;
  drive.deletions = [...drive.deletions, more];
  await waiting.getByRole("button", { name: "Approve exactly these" }).click();
  await page.getByRole("alert").getByText("The waiting changes are not the ones that were shown.").waitFor();
  assert.deepEqual(drive.calls, []);
});

test("each folder is paused and resumed separately, also one of another client or a stopped one", async () => {
  await page.goto(channel.pageUrl);
  for (const { sync } of [drive, photos]) {
    const at = folder(sync === drive.sync ? "Drive" : "Photos");
    await at.getByRole("button", { name: `Pause ${sync.record.root}` }).click();
    await at.getByText("Paused", { exact: true }).waitFor();
    await at.getByRole("button", { name: `Resume ${sync.record.root}` }).click();
    await at.getByText("In sync", { exact: true }).waitFor();
  }
  assert.deepEqual(
    [drive.calls, photos.calls],
    [
      ["pause", "resume"],
      ["pause", "resume"],
    ],
  );
  await folder("Music").getByRole("button", { name: "Pause" }).click();
  await folder("Music").getByText("This sync is not running. Run 'holdfast resume', then start it").waitFor();
  await folder("Music").getByRole("button", { name: "Resume" }).click();
  await folder("Music").getByText(`Start it with: holdfast sync ${stopped.record.root}`).waitFor();
  assert.deepEqual(complaints, []);
});

test("limits and exclusions are shown and changed, and an invalid one is rejected with the reason", async () => {
  drive.limits = { up: 500_000, down: 0 };
  await page.goto(channel.pageUrl);
  const settings = folder("Drive").locator(".settings");
  await settings.getByText("Limits and exclusions").click();
  const [up, down] = [settings.getByLabel("Upload"), settings.getByLabel("Download")];
  assert.deepEqual([await up.inputValue(), await down.inputValue()], ["500K", ""]);
  await up.fill("fast");
  await settings.getByRole("button", { name: "Set limits" }).click();
  await page.getByRole("alert").getByText("The upload limit is a number of bytes a second such as").waitFor();
  await up.fill("");
  await down.fill("1.5M");
  await down.press("Enter");
  await page.locator("#told").getByText("Limits set.").waitFor();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  await settings.getByLabel("Path in this folder").fill("../elsewhere");
  await settings.getByRole("button", { name: "Exclude" }).click();
  await page.getByRole("alert").getByText("use a path in the synced folder").waitFor();
  await settings.getByLabel("Path in this folder").fill("photos/raw/");
  await settings.getByLabel("Move the local copy").check();
  await settings.getByRole("button", { name: "Exclude" }).click();
  await page.locator("#told").getByText("photos/raw/ is excluded.").waitFor();
  assert.deepEqual(drive.calls, [
    "limits null 1500000",
    `exclusions {"exclude":["photos/raw"],"include":[],"freesSpace":true}`,
  ]);
  assert.ok(
    complaints.every((each) => each.includes("400 (Bad Request)")),
    complaints.join(),
  );
});

longTest(
  "axe finds no violation in light and dark at 390 and 1280 pixels in any view, and nothing overflows",
  async () => {
    busy();
    await page.goto(channel.pageUrl);
    await folder("Drive").getByRole("heading", { name: "2 deletions wait for you" }).waitFor();
    assert.deepEqual(await axeFindings(), []);
    await takePictures("closed");
    const closed = page.locator("details:not([open]) > summary").filter({ visible: true });
    for (let left = await closed.count(); left > 0; left = await closed.count()) await closed.first().click();
    assert.equal(await page.locator("details.settings[open]").count(), 3);
    assert.deepEqual(await axeFindings(), []);
    await takePictures("open");
    await page.goto("about:blank");
    await page.goto(new URL("/#token=wrong", channel.pageUrl).href);
    await page.getByRole("alert").getByText("Open the address that 'holdfast status' shows").waitFor();
    assert.deepEqual(await axeFindings(), []);
  },
);

longTest(
  "everything works by keyboard with a visible focus, which stays in its folder when its element disappears",
  async () => {
    busy();
    await page.goto(channel.pageUrl);
    await folder("Drive").getByRole("heading", { name: "2 deletions wait for you" }).waitFor();
    const seen: string[] = [];
    const focusOn = async (wanted: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press("Tab");
        const [name, outline] = await page.evaluate<[string, string]>(
          "[document.activeElement.ariaLabel ?? document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]",
        );
        seen.push(name);
        if (name !== "") assert.equal(outline, "solid", `${name} shows that it has the focus`);
        if (name.startsWith(wanted)) return;
      }
      assert.fail(`${wanted} has no focus: ${seen.join(" | ")}`);
    };
    const heading = async (): Promise<string> => String(await page.evaluate("document.activeElement.textContent"));
    await focusOn("Approve exactly these");
    await page.keyboard.press("Enter");
    await folder("Drive").locator(".deletions").waitFor({ state: "hidden" });
    assert.equal(await heading(), "Drive");
    await focusOn(`Keep copy: ${copy}`);
    await page.keyboard.press("Space");
    await folder("Drive").locator(".conflicts").waitFor({ state: "hidden" });
    assert.equal(await heading(), "Drive");
    await focusOn("Limits and exclusions");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type("2M");
    await page.keyboard.press("Enter");
    await page.locator("#told").getByText("Limits set.").waitFor();
    assert.equal(await page.evaluate("document.activeElement.name"), "up", "the focus stays where it was");
    await focusOn("Pause");
    await page.keyboard.press("Enter");
    await page.getByText("is paused.").waitFor();
    assert.deepEqual(drive.calls, ["approve a,b", `keep copy of ${copy}`, "limits 2000000 null"]);
  },
);

longTest("the page reports that its client ended, and removes the last state", async () => {
  const { channel: own } = await configuration.add("Passing");
  await page.goto(own.pageUrl);
  await summary().getByText("in sync").waitFor();
  await own.close();
  const start = `Start it with 'holdfast sync ${join(configuration.folder, "home/Passing")}'`;
  await page.getByRole("alert").getByText(`The sync client is no longer running. ${start}`).waitFor();
  assert.equal(await page.getByRole("region").count(), 0);
  assert.equal(await summary().textContent(), "");
});
