import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { basename, join } from "node:path";
import { readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import { administrator, eventually } from "@holdfast/server/acceptance/testing";
import { type Locator, type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { axeProblems } from "@holdfast/web/testing/axe";
import { readKnownSyncs } from "../sync/known-syncs.ts";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";
import { Place } from "./scene.ts";

const waitMs = 60_000;

describe("Local page of running clients", () => {
  let home: Home;
  let anna: Device;
  let bert: Device;
  let photos: Device;
  let at: Place;
  let other: Place;
  let page: Page;
  let complaints: readonly string[];
  const browser = useBrowser({ width: 390, height: 844 });

  before(async () => {
    home = await Home.open("sync-page");
    [anna, bert] = [await home.addDevice("anna"), await home.addDevice("bert")];
    photos = await home.addDevice("photos", { configFolder: anna.configFolder });
    [at, other] = [new Place(anna.folder), new Place(bert.folder)];
    at.make({ "plan.txt": "one", "many/a": "a", "many/b": "b", "many/c": "c", "many/d": "d", "raw/1.dng": "raw" });
    for (const device of [anna, bert]) device.start("--brake", "3");
    await home.rest(waitMs, [anna, bert]);
    photos.start("--remote", "/pictures");
  });
  after(() => home.close());
  beforeEach(async () => {
    ({ page, complaints } = browser);
    const address = await eventually("anna's page", waitMs, async () => (await reportOf(anna))?.page_url ?? undefined);
    await page.goto(address);
  });

  const folder = (name: string): Locator => page.getByRole("region", { name, exact: true });
  const told = (text: string): Promise<void> => page.locator("#told").getByText(text).waitFor();

  async function reportOf(device: Device): Promise<{ page_url: string | null; state: string } | undefined> {
    const { stdout } = await device.run(["status", device.folder, "--json"]);
    return stdout === "" ? undefined : JSON.parse(stdout).syncs[0];
  }

  test("both folders are shown in sync with account and server, and axe finds no violation", async () => {
    for (const device of [anna, photos]) {
      await folder(device.name).getByText("In sync", { exact: true }).waitFor();
      const where = (await folder(device.name).locator(".where").textContent()) ?? "";
      assert.ok(where.startsWith(`${administrator.email} at http://127.0.0.1:`), where);
    }
    await folder("photos").getByText("which is /pictures on the server").waitFor();
    await folder("anna").getByText("created here: plan.txt").waitFor();
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await axeProblems(page), [], `${width} ${colorScheme}`);
      }
    }
    assert.deepEqual(complaints, []);
  });

  test("a new limit applies immediately, and a transfer shows its progress", async () => {
    await folder("anna").getByText("Limits and exclusions").click();
    await folder("anna").getByLabel("Download").fill("1500K");
    await folder("anna").getByRole("button", { name: "Set limits" }).click();
    await told("Limits set.");
    const begunMs = performance.now();
    assert.equal((await home.api.put("/film.bin", randomBytes(12_000_000))).status, 201);
    await folder("anna").getByRole("progressbar", { name: "Progress of anna" }).waitFor();
    await folder("anna").getByRole("list", { name: "Transferring now" }).getByText("film.bin").waitFor();
    await folder("anna")
      .locator(".amounts")
      .getByText(/ of 11 MiB; .*left$/)
      .waitFor();
    await folder("anna")
      .locator(".facts")
      .getByText(/ %, (?:1\.\d MiB|\d+ KiB)\/s/)
      .waitFor();
    await eventually("it is there", waitMs, () => at.has("film.bin") || undefined);
    const seconds = (performance.now() - begunMs) / 1000;
    assert.ok(seconds > 6, `12 MB at 1.5 MB a second took ${seconds} s`);
    const kept = (await readKnownSyncs(anna.configFolder)).find(({ record }) => record.remote === "");
    assert.equal(kept?.record.limit_down, 1_500_000, "for the next start too");
    await folder("anna").getByLabel("Download").fill("");
    await folder("anna").getByLabel("Download").press("Enter");
    await told("Limits set.");
    await folder("anna").getByText("In sync", { exact: true }).waitFor();
  });

  async function makeConflict(): Promise<string> {
    await bert.pause();
    at.make({ "plan.txt": `by anna ${performance.now()}` });
    other.make({ "plan.txt": `by bert ${performance.now()}` });
    const theirs = other.read("plan.txt");
    await home.rest(waitMs, [anna]);
    await bert.resume();
    await home.rest(waitMs, [anna, bert]);
    return theirs;
  }

  test("resolving a conflict keeps the other version as the next version of the file", async () => {
    const theirs = await makeConflict();
    const ours = at.read("plan.txt");
    await folder("anna").getByRole("heading", { name: "1 conflict" }).waitFor();
    await folder("anna").getByRole("button", { name: "Keep copy: plan (bert's conflicted copy" }).click();
    await told("Kept copy: ");
    await folder("anna").locator(".conflicts").waitFor({ state: "hidden" });
    await home.rest(waitMs, [anna, bert]);
    for (const place of [at, other]) assert.equal(place.read("plan.txt"), theirs);
    assert.ok(!readdirSync(anna.folder).some((name) => name.includes("conflicted")));
    // The state that was not kept is in the local trash and a version on the server. The copy is in the trash of both.
    const [day = ""] = readdirSync(at.at(".holdfast/trash"));
    assert.equal(readFileSync(at.at(`.holdfast/trash/${day}/plan.txt`), "utf8"), ours);
    const { stdout } = await anna.run(["versions", "/plan.txt", "--json"]);
    const versions: { version_id: string }[] = JSON.parse(stdout).items;
    assert.ok(versions.length >= 3, stdout);
    assert.equal((await anna.run(["cat", "/plan.txt", "--version", String(versions.length - 1)])).stdout, ours);
    assert.match((await anna.run(["trash", "ls"])).stdout, /plan \(bert's conflicted copy/);
  });

  test("resolving a conflict by command keeps both versions likewise", async () => {
    await makeConflict();
    const kept = at.read("plan.txt");
    const copy = (await anna.run(["conflicts", "ls", anna.folder])).stdout.trim();
    // The file has only one copy, so its path identifies the copy.
    const done = await anna.run(["conflicts", "keep", "original", join(anna.folder, "plan.txt")]);
    assert.equal(done.code, 0, done.stderr);
    assert.ok(
      done.stdout.startsWith(`Kept the original: ${join(realpathSync(anna.folder), "plan.txt")} (not changed).\n`),
    );
    await home.rest(waitMs, [anna, bert]);
    for (const place of [at, other]) assert.equal(place.read("plan.txt"), kept);
    const again = await anna.run(["conflicts", "keep", "original", copy]);
    assert.equal(again.code, 4, again.stderr);
    assert.equal((await anna.run(["conflicts", "ls"])).stdout, "");
  });

  test("waiting deletions are shown by folder, restored and approved", async () => {
    const waiting = folder("anna").locator(".deletions");
    at.remove("many");
    await waiting.getByRole("heading", { name: "5 deletions wait for you" }).waitFor();
    await waiting.getByText("many/: 4 files and 1 folder (4 B) would be deleted on the server").waitFor();
    await folder("anna").getByText("Waiting for you").waitFor();
    await waiting.getByRole("button", { name: "Restore them" }).click();
    await waiting.waitFor({ state: "hidden" });
    await home.rest(waitMs, [anna, bert]);
    assert.equal(at.read("many/a"), "a");
    at.remove("many");
    await waiting.getByText("many/: 4 files and 1 folder (4 B) would be deleted on the server").waitFor();
    await waiting.getByRole("button", { name: "Approve exactly these" }).click();
    await waiting.waitFor({ state: "hidden" });
    await home.rest(waitMs, [anna, bert]);
    assert.ok(!other.has("many"));
  });

  test("a path excluded here stays on the server, and returns when included again", async () => {
    const settings = folder("anna").locator(".settings");
    await settings.getByText("Limits and exclusions").click();
    await settings.getByLabel("Path in this folder").fill("raw");
    await settings.getByLabel("Move the local copy").check();
    await settings.getByRole("button", { name: "Exclude" }).click();
    await told("raw is excluded.");
    await settings.getByRole("button", { name: "Sync again: raw" }).waitFor();
    await eventually("the copy is gone", waitMs, () => !at.has("raw/1.dng") || undefined);
    assert.equal(other.read("raw/1.dng"), "raw");
    assert.match((await anna.run(["sync", anna.folder, "--show-rules"])).stdout, /excluded here {2}raw/);
    await settings.getByRole("button", { name: "Sync again: raw" }).click();
    await told("raw is synced again.");
    await settings.getByText("Nothing is excluded.").waitFor();
    await eventually("it is back", waitMs, () => at.has("raw/1.dng") || undefined);
  });

  test("many files that cannot be synced are one entry, which is only listed", async () => {
    for (let index = 0; index < 60; index += 1) {
      const name = Buffer.concat([Buffer.from(`${anna.folder}/wrong ${index} `), Buffer.from([0xff])]);
      writeFileSync(name, "text");
    }
    await folder("anna").getByText("Notices (60)").click();
    const listed = folder("anna").locator(".listed");
    await listed.getByText(/^60 files: /).waitFor();
    await listed.getByText("The first 50").click();
    await listed.getByText("and 10 more", { exact: true }).waitFor();
    await folder("anna").getByText("In sync", { exact: true }).waitFor();
  });

  test("each folder is paused and resumed by keyboard, and its client reports the same", async () => {
    const press = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 100; presses += 1) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate("document.activeElement.ariaLabel")) === name) return page.keyboard.press("Enter");
      }
      assert.fail(`${name} has no focus`);
    };
    await folder("photos").getByText("In sync", { exact: true }).waitFor();
    await press(`Pause ${realpathSync(photos.folder)}`);
    await folder("photos").getByText("Paused", { exact: true }).waitFor();
    assert.equal((await reportOf(photos))?.state, "paused");
    assert.equal((await reportOf(anna))?.state, "idle");
    await press(`Resume ${realpathSync(photos.folder)}`);
    await folder("photos").getByText("In sync", { exact: true }).waitFor();
  });

  test("a wrong token, another origin and another host name cannot control any folder", async () => {
    await folder("photos").getByText("In sync", { exact: true }).waitFor();
    const [sync] = await readKnownSyncs(anna.configFolder);
    const control = JSON.parse(readFileSync(join(sync!.folder, "control.json"), "utf8"));
    const { host, origin } = new URL(control.url);
    const good = { authorization: `Bearer ${control.token}`, host, origin };
    const syncs = await readKnownSyncs(anna.configFolder);
    for (const key of syncs.map(({ folder: kept }) => basename(kept))) {
      const path = `/syncs/${key}/limits`;
      assert.equal(await post(`${origin}${path}`, { ...good, authorization: "Bearer wrong" }), 401);
      assert.equal(await post(`${origin}${path}`, { ...good, origin: "http://evil.example" }), 403);
      assert.equal(await post(`${origin}${path}`, { ...good, host: "evil.example" }), 403);
    }
    for (const { record } of await readKnownSyncs(anna.configFolder)) assert.equal(record.limit_up, null);
    for (const key of syncs.map(({ folder: kept }) => basename(kept))) {
      assert.equal(await post(`${origin}/syncs/${key}/limits`, good), 200);
    }
    for (const { record } of await readKnownSyncs(anna.configFolder)) assert.equal(record.limit_up, 9_000_000);
  });

  /** Sends any headers, including those that fetch forbids. @returns the status */
  function post(url: string, headers: Record<string, string>): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", headers }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
      });
      sent.once("error", reject).end(JSON.stringify({ up: "9M", down: "" }));
    });
  }

  test("a stopped client is shown as not running, also on the page of the stopped one", async () => {
    await folder("photos").getByText("In sync", { exact: true }).waitFor();
    await photos.stop();
    const start = `Start it with: holdfast sync ${realpathSync(photos.folder)}`;
    await folder("photos").getByText(start).waitFor();
    await folder("photos").getByText("Not running", { exact: true }).waitFor();
    await anna.stop();
    await page.getByRole("alert").getByText("The sync client is no longer running.").waitFor();
    assert.equal(await page.getByRole("region").count(), 0);
  });
});
