import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, launcher } from "@holdfast/server/acceptance/testing";
import { requireComponent } from "@holdfast/tools/components";
import { onTerminal } from "@holdfast/tools/pseudo-terminal";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";
import { Place } from "./scene.ts";

const waitMs = 120_000;

interface Listed {
  readonly path: string;
  readonly what: string;
  readonly side: string;
}

describe("Commands that control running clients", () => {
  let home: Home;
  let anna: Device;
  let bert: Device;
  let at: Place;
  let other: Place;
  before(async () => {
    home = await Home.open("steering");
    [anna, bert] = [await home.addDevice("anna"), await home.addDevice("bert")];
    [at, other] = [new Place(join(anna.folder, "s")), new Place(join(bert.folder, "s"))];
    for (const device of [anna, bert]) device.start("--brake", "3");
  });
  after(() => home.close());

  test("deletions wait on each side, ls shows them, approve applies exactly those, and undo restores them", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `${index}.txt`);
    at.make(Object.fromEntries(names.map((name) => [`many/${name}`, name])));
    await home.rest();
    const nothing = await anna.run(["deletes", "ls", "--json"]);
    assert.deepEqual(JSON.parse(nothing.stdout), { items: [], next_cursor: null });
    const early = await anna.run(["deletes", "approve"]);
    assert.equal(early.code, 1);
    assert.match(early.stderr, /No deletions are waiting/);

    // Held on the device that made them: the server and the other device keep all files.
    for (const name of names.slice(0, 4)) at.remove(`many/${name}`);
    await waiting(anna, 4);
    for (const _ of [1, 2])
      assert.match(
        (await anna.run(["deletes", "approve"])).stderr,
        /waiting changes that you have not seen yet\. Run 'holdfast deletes ls' first/,
      );
    const gone = names.slice(0, 4).map((name) => ({ path: `s/many/${name}`, what: "deletion", side: "server" }));
    assert.deepEqual(await listed(anna), gone);
    const text = (await anna.run(["deletes", "ls", anna.folder])).stdout;
    assert.equal(text.split("\n")[0], `${realpathSync(anna.folder)}/s/many/0.txt  (would be deleted on the server)`);
    // Found after the listing, so the next answer does not include it.
    at.remove("many/4.txt");
    await waiting(anna, 5);
    const approved = await anna.run(["deletes", "approve", "--json"]);
    assert.deepEqual(JSON.parse(approved.stdout), {
      items: [{ root: realpathSync(anna.folder), count: 4, applied: true }],
      next_cursor: null,
    });
    await waiting(anna, 1);
    assert.deepEqual(
      (await listed(anna)).map(({ path }) => path),
      ["s/many/4.txt"],
    );

    await eventually("they go", waitMs, () => !other.has("many/3.txt") || undefined);
    assert.ok(other.has("many/4.txt"));

    const undone = await anna.run(["deletes", "undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.match(undone.stdout, /: 1 deletion undone\n/);
    const readLog = () => anna.run(["log", "--last", "1000"]);
    await eventually("the answers are in the log", waitMs, async () =>
      /approved: 4 deletions that waited[^]*undone: 1 deletion that waited/.test((await readLog()).stdout)
        ? true
        : undefined,
    );
    await home.rest();
    assert.deepEqual(Object.keys(at.sight()), ["many", ...names.slice(4).map((name) => `many/${name}`)]);

    // Deletions on the server wait on each device. An undo on one device restores the files for all.
    const left = ["many", ...names.slice(4).map((name) => `many/${name}`)];
    const remove = async () => {
      assert.equal((await anna.run(["rm", "/s/many"])).code, 0);
      for (const device of [anna, bert]) await waiting(device, 7);
    };
    await remove();
    assert.deepEqual(
      (await listed(bert)).toSorted((one, two) => one.path.localeCompare(two.path)),
      left.map((path) => ({ path: `s/${path}`, what: "deletion", side: "here" })),
    );
    assert.equal((await bert.run(["deletes", "undo", bert.folder])).code, 0);
    await home.rest();
    for (const place of [at, other]) assert.deepEqual(Object.keys(place.sight()), left);
    assert.equal(at.read("many/4.txt"), "4.txt");

    await remove();
    const grouped = await bert.run(["deletes"]);
    assert.equal(
      grouped.stdout,
      `${realpathSync(bert.folder)}\n  s/many/: 6 files and 1 folder (30 B) would be deleted here\n`,
    );
    assert.equal((await bert.run(["deletes", "approve"])).code, 0);
    await home.rest();
    for (const place of [at, other]) assert.deepEqual(place.sight(), {});
  });

  test("answering no to deletions on a terminal changes nothing, and is reported", async (t) => {
    if (!requireComponent(t, "python3")) return;
    at.make({ "asked/0.txt": "0", "asked/1.txt": "1", "asked/2.txt": "2", "asked/3.txt": "3" });
    await home.rest();
    at.remove("asked");
    await waiting(anna, 5);
    const env = { HOLDFAST_CONFIG_DIR: anna.configFolder, HOME: anna.configFolder };
    for (const [action, asks] of [
      ["approve", "(y/N)"],
      ["undo", "(Y/n)"],
    ] as const) {
      const terminal = onTerminal([launcher, "deletes", action], { env, columns: 200 });
      await eventually("it asks", waitMs, async () => terminal.lines().join("\n").includes(asks) || undefined);
      terminal.type("n\r");
      assert.equal(await terminal.ended, 1);
      assert.match(terminal.lines().join("\n"), /^holdfast: Nothing was changed\. They are still waiting\.$/m);
    }
    await waiting(anna, 5);
    assert.equal((await anna.run(["deletes", "approve"])).code, 0);
    await home.rest();
    assert.deepEqual(at.sight(), {});
  });

  test("a paused sync transfers nothing, and resume merges the changes of both sides", async () => {
    at.make({ "paused/edited.txt": "before", "paused/renamed.txt": "same", "paused/deleted.txt": "gone" });
    await home.rest();
    const paused = await bert.run(["pause", bert.folder, "--json"]);
    assert.deepEqual(JSON.parse(paused.stdout), {
      items: [{ root: realpathSync(bert.folder), paused: true, running: true }],
      next_cursor: null,
    });
    await bert.reaches("paused", ({ state }) => state === "paused");
    assert.match(
      (await bert.run(["status"])).stdout,
      /^ {2}last in sync .*, changes since then have not been checked$/m,
    );
    at.make({ "paused/edited.txt": "edited by anna", "paused/by anna": "1" });
    at.remove("paused/deleted.txt");
    other.move("paused/renamed.txt", "paused/new name.txt");
    other.make({ "paused/by bert": "2" });
    const seen = other.sight();
    await home.rest(waitMs, [anna]);
    assert.deepEqual(other.sight(), seen);
    assert.ok(!at.has("paused/by bert"));
    assert.equal((await bert.run(["resume"])).code, 0);
    await home.rest();
    assert.deepEqual(new Place(at.at("paused")).sight(), {
      "by anna": "1",
      "by bert": "2",
      "edited.txt": "edited by anna",
      "new name.txt": "same",
    });
  });

  test("conflicts ls lists a conflicted copy until it is gone", async () => {
    at.make({ "plan.txt": "0" });
    await home.rest();
    assert.deepEqual(await conflicts(anna), []);
    await bert.pause();
    at.make({ "plan.txt": "by anna" });
    other.make({ "plan.txt": "by bert" });
    await home.rest(waitMs, [anna]);
    await bert.resume();
    await home.rest();
    const [path = "", ...rest] = await conflicts(bert);
    assert.deepEqual(rest, []);
    const copy = path.slice("s/".length);
    assert.match(copy, /^plan \(bert's conflicted copy \d{4}-\d\d-\d\d\)\.txt$/);
    assert.equal(other.read(copy), "by bert");
    assert.deepEqual(await conflicts(anna), [path]);
    assert.deepEqual((await anna.status())?.conflicts, [path]);
    const text = (await anna.run(["conflicts", "ls", anna.folder])).stdout;
    assert.equal(text, `${realpathSync(anna.folder)}/${path}\n`);
    assert.equal((await anna.run(["conflicts"])).stdout, text, "the same list");
    at.remove(copy);
    await home.rest();
    for (const device of [anna, bert]) assert.deepEqual(await conflicts(device), []);
  });

  test("conflicts keep both reports the copy's new name", async () => {
    at.make({ "both.txt": "0" });
    await home.rest();
    await bert.pause();
    at.make({ "both.txt": "by anna" });
    other.make({ "both.txt": "by bert" });
    await home.rest(waitMs, [anna]);
    await bert.resume();
    await home.rest();
    const [path = ""] = await conflicts(anna);
    const kept = await anna.run(["conflicts", "keep", "both", join(anna.folder, path), "--json"]);
    assert.equal(kept.code, 0, kept.stderr);
    const own = path.replace("'s conflicted copy ", " ");
    const original = "s/both.txt";
    const root = realpathSync(anna.folder);
    assert.deepEqual(JSON.parse(kept.stdout), { root, path, original, kept: "both", new_path: own });
    await home.rest();
    assert.equal(other.read(own.slice("s/".length)), "by bert");
    for (const device of [anna, bert]) assert.deepEqual(await conflicts(device), []);
  });

  test("deletions approved or undone while the client is stopped are applied at its next start", async () => {
    for (const answer of ["undo", "approve"] as const) {
      for (const name of ["a", "b", "c"]) at.make({ [`last/${name}`]: name });
      await home.rest();
      for (const name of ["a", "b", "c"]) at.remove(`last/${name}`);
      await waiting(anna, 3);
      await anna.stop();
      assert.deepEqual(
        (await listed(anna)).map(({ path }) => path),
        ["s/last/a", "s/last/b", "s/last/c"],
      );
      const answered = await anna.run(["deletes", answer]);
      assert.equal(answered.code, 0, answered.stderr);
      assert.match(answered.stderr, /is not running\. The next run applies the answer: holdfast sync \//);
      assert.deepEqual(await listed(anna), []);
      anna.start("--brake", "3");
      const left = answer === "undo" ? ["a", "b", "c"] : [];
      await eventually(`${answer} is done`, waitMs, () => {
        const names = [at, other].map((place) => Object.keys(new Place(place.at("last")).sight()).join());
        return names.every((each) => each === left.join()) || undefined;
      });
      await home.rest();
      assert.deepEqual(Object.keys(new Place(other.at("last")).sight()), left);
    }
  });

  test("20,000 deletions are listed as one folder, and one answer counts for both devices", async () => {
    const folders = Array.from({ length: 20 }, (_, index) => `bulk/${index}`);
    const files = folders.flatMap((folder) => Array.from({ length: 1000 }, (_, index) => `${folder}/${index}.txt`));
    const manyMs = 600_000;
    // `rest` downloads each content once.
    at.make(Object.fromEntries(files.map((path, index) => [path, `${index % 100}`])));
    await home.rest(manyMs);
    const bulk = (place: Place) => (place.has("bulk") ? new Place(place.at("bulk")).sight() : {});
    const whole = bulk(at);
    for (const answer of ["undo", "approve"]) {
      at.remove("bulk");
      await waiting(anna, 20_021, manyMs);
      const { stdout } = await anna.run(["deletes"]);
      assert.match(
        stdout,
        /^ {2}s\/bulk\/: 20,000 files and 21 folders \(\S+ KiB\) would be deleted on the server\n$/m,
      );
      assert.deepEqual(bulk(other), whole);
      const answered = await anna.run(["deletes", answer]);
      assert.equal(answered.code, 0, answered.stderr);
      await home.rest(manyMs);
      for (const place of [at, other]) assert.deepEqual(bulk(place), answer === "undo" ? whole : {});
      const { stdout: left } = await bert.run(["deletes", "ls", "--json"]);
      assert.deepEqual(JSON.parse(left).items, []);
    }
  });

  async function waiting(device: Device, count: number, timeoutMs = waitMs): Promise<void> {
    await eventually(`${count} deletions wait on ${device.name}`, timeoutMs, async () => {
      const status = await device.status();
      return status?.deletions_waiting === count && status.state === "waiting" ? true : undefined;
    });
  }

  async function listed(device: Device): Promise<Listed[]> {
    const { code, stdout, stderr } = await device.run(["deletes", "ls", "--json"]);
    assert.equal(code, 0, stderr);
    const items: (Listed & { id: string; root: string })[] = JSON.parse(stdout).items;
    assert.ok(
      items.every(({ id, root }) => id !== "" && root === realpathSync(device.folder)),
      stdout,
    );
    return items
      .map(({ path, what, side }) => ({ path, what, side }))
      .toSorted((one, two) => (one.path < two.path ? -1 : 1));
  }

  async function conflicts(device: Device): Promise<string[]> {
    const { code, stdout, stderr } = await device.run(["conflicts", "ls", "--json"]);
    assert.equal(code, 0, stderr);
    const items: { root: string; path: string }[] = JSON.parse(stdout).items;
    assert.ok(
      items.every(({ root }) => root === realpathSync(device.folder)),
      stdout,
    );
    return items.map(({ path }) => path);
  }
});
