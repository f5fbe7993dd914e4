import assert from "node:assert/strict";
import { cpSync, existsSync, lstatSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { administrator, type CommandResult, eventually } from "@holdfast/server/acceptance/testing";
import { Secret, TOTP } from "otpauth";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";
import { Place } from "./scene.ts";

/** Commands of docs/everyday.md by heading. Each test runs the commands exactly as the page has them. */
const page = readFileSync(new URL("../../../../docs/everyday.md", import.meta.url), "utf8");
const stories = new Map(
  page
    .split("\n## ")
    .slice(1)
    .map((section) => {
      const [heading = "", ...lines] = section.split("\n");
      return [heading, lines.filter((line) => line.startsWith("    ")).map((line) => line.trim())] as const;
    })
    .filter(([, lines]) => lines.length > 0),
);
const waitMs = 120_000;

function codeOf(secret: string): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate();
}

describe("Stories of docs/everyday.md", () => {
  let home: Home;
  let anna: Device;
  let bert: Device;
  let at: Place;
  let other: Place;
  let moment = "";
  const shown = new Set<string>();
  before(async () => {
    home = await Home.open("everyday");
    [anna, bert] = [await home.addDevice("anna"), await home.addDevice("bert")];
    [at, other] = [new Place(anna.folder), new Place(bert.folder)];
    for (const device of [anna, bert]) device.start("--brake", "3");
    at.make({ "plan.txt": "one", "notes.txt": "notes", "Videos/film.mkv": "a film", "many/a": "a", "many/b": "b" });
    at.make({ "many/c": "c", "many/d": "d" });
    await home.rest();
    moment = new Date().toISOString();
  });
  after(() => home.close());

  /** Returns a function that runs the next command of a story, and at the end checks that none is left. */
  function story(heading: string) {
    const left = [...(stories.get(heading) ?? assert.fail(`docs/everyday.md has no "${heading}"`))];
    shown.add(heading);
    const here: Record<string, string> = {
      "~/Drive": anna.folder,
      "~/everything": join(home.folder, "everything"),
      "everything.tar": join(home.folder, "everything.tar"),
      "2h": moment,
    };
    return {
      next: async (begin: string, words: Record<string, string> = {}, input = ""): Promise<CommandResult> => {
        const line = left.shift() ?? assert.fail(`the page says no more, but not "${begin}"`);
        assert.ok(line.startsWith(begin), `the page says "${line}" where it is "${begin}"`);
        const args = line.split(" ").slice(1);
        const done = await anna.run(
          args.map((word) => words[word] ?? here[word] ?? word).concat(input === "" ? [] : ["--password-stdin"]),
          input,
        );
        assert.equal(done.code, 0, `${line}\n${done.stdout}${done.stderr}`);
        return done;
      },
      over: () => assert.deepEqual(left, []),
    };
  }

  test("A file was changed in two places", async (t) => {
    const { next, over } = story(t.name);
    await bert.pause();
    at.make({ "plan.txt": "by anna" });
    other.make({ "plan.txt": "by bert" });
    await home.rest(waitMs, [anna]);
    await bert.resume();
    await home.rest();
    const { stdout } = await next("holdfast conflicts ls");
    assert.match(stdout, /plan \(bert's conflicted copy \d{4}-\d\d-\d\d\)\.txt\n$/);
    await next("holdfast conflicts keep original", { PATH: stdout.trim() });
    await home.rest();
    assert.equal(at.read("plan.txt"), "by anna");
    over();
  });

  test("Many deletions wait for you", async (t) => {
    const { next, over } = story(t.name);
    const wait = () =>
      eventually("they wait", waitMs, async () => (await anna.status())?.deletions_waiting === 5 || undefined);
    at.remove("many");
    await wait();
    assert.match(
      (await next("holdfast deletes")).stdout,
      /\n {2}many\/: 4 files and 1 folder \(4 B\) would be deleted on the server\n$/,
    );
    await next("holdfast deletes undo");
    await home.rest();
    assert.equal(at.read("many/a"), "a");
    at.remove("many");
    await wait();
    await anna.run(["deletes"]);
    await next("holdfast deletes approve");
    await home.rest();
    assert.ok(!other.has("many"));
    over();
  });

  test("A backup was restored into the folder", async (t) => {
    const { next, over } = story(t.name);
    const names = ["1", "2", "3"].map((name) => `restored/${name}`);
    const all = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
    at.make(all("old"));
    await home.rest();
    const backup = join(home.folder, "backup");
    cpSync(at.at("restored"), backup, { recursive: true, preserveTimestamps: true });
    at.make(all("newest"));
    await home.rest();
    const restore = async () => {
      await anna.pause();
      cpSync(backup, at.at("restored"), { recursive: true, preserveTimestamps: true });
      await anna.resume();
      await eventually("they wait", waitMs, async () => (await anna.status())?.state === "waiting" || undefined);
      assert.match((await anna.run(["deletes"])).stdout, /3 files .*would go back to an older version/);
    };
    await restore();
    await next("holdfast deletes undo");
    await home.rest();
    assert.equal(at.read("restored/1"), "newest");
    await restore();
    await next("holdfast deletes approve");
    await home.rest();
    assert.equal(other.read("restored/1"), "old");
    over();
  });

  test("Folders or files moved to another disk, with links in their places", async (t) => {
    const { next, over } = story(t.name);
    const replace = async (to: string) => {
      await anna.pause();
      renameSync(at.at("Videos"), join(home.folder, to));
      symlinkSync(join(home.folder, to), at.at("Videos"));
      await anna.resume();
      await eventually("they wait", waitMs, async () => (await anna.status())?.deletions_waiting === 2 || undefined);
      await anna.run(["deletes"]);
    };
    await replace("once");
    await next("holdfast deletes undo");
    await home.rest();
    assert.equal(at.read("Videos/film.mkv"), "a film");
    await replace("again");
    await next("holdfast deletes approve");
    await home.rest();
    assert.ok(lstatSync(other.at("Videos")).isSymbolicLink());
    at.remove("Videos");
    at.make({ "Videos/film.mkv": "a film" });
    await home.rest();
    over();
  });

  test("Yesterday's file was better", async (t) => {
    const { next, over } = story(t.name);
    assert.match((await next("holdfast versions /plan.txt")).stdout, /2 .*\n.*1 /);
    const old = join(home.folder, "old-plan.txt");
    await next("holdfast get /plan.txt --version 1", { "old-plan.txt": old });
    assert.equal(readFileSync(old, "utf8"), "one");
    await next("holdfast restore /plan.txt --version 1");
    await home.rest();
    assert.equal(other.read("plan.txt"), "one");
    over();
  });

  test("A file or folder is gone", async (t) => {
    const { next, over } = story(t.name);
    other.remove("notes.txt");
    await home.rest();
    assert.match((await next("holdfast trash ls")).stdout, /notes\.txt/);
    await next("holdfast trash restore /notes.txt");
    await home.rest();
    assert.equal(at.read("notes.txt"), "notes");
    await next("holdfast rewind / --to 2h --dry-run");
    assert.ok(!at.has("many"));
    assert.match((await next("holdfast rewind / --to 2h")).stdout, /holdfast rewind undo /);
    await home.rest();
    assert.equal(at.read("many/a"), "a");
    over();
  });

  test("This disk is full", async (t) => {
    const { next, over } = story(t.name);
    await anna.stop();
    await next("holdfast sync ~/Drive --exclude Videos");
    assert.ok(!existsSync(at.at("Videos/film.mkv")));
    assert.equal(other.read("Videos/film.mkv"), "a film");
    anna.start();
    over();
  });

  test("To leave", async (t) => {
    const { next, over } = story(t.name);
    await next("holdfast get / ~/everything");
    assert.deepEqual(new Place(join(home.folder, "everything")).sight(), other.sight());
    await next("holdfast export everything.tar");
    assert.ok(readFileSync(join(home.folder, "everything.tar")).includes("plan.txt"));
    over();
  });

  test("A laptop is lost", async (t) => {
    const { next, over } = story(t.name);
    assert.match((await next("holdfast devices")).stdout, /^\S+ {2}bert {2}/m);
    await next("holdfast devices rm NAME --remove-copies", { NAME: "bert" });
    at.make({ "after.txt": "not for who has the laptop" });
    assert.equal(await bert.ended(), 3);
    assert.deepEqual(other.sight(), {}, "its copies are there still");
    assert.match((await anna.run(["devices"])).stdout, /bert .*copies: removed/);
    await eventually("it is on the server", waitMs, async () => {
      return (await anna.run(["ls", "/after.txt"])).code === 0 || undefined;
    });
    assert.ok(!other.has("after.txt"));
    const { password } = administrator;
    await next("holdfast passwd", {}, `${password}\nanother password\n`);
    assert.equal((await anna.run(["whoami"])).code, 0);
    over();
  });

  test("A phone is lost", async (t) => {
    const { next, over } = story(t.name);
    const password = "another password";
    const begun = await anna.run(["second-factor", "on", "--password-stdin", "--json"], `${password}\n`);
    const { secret } = JSON.parse(begun.stdout) as { secret: string };
    const confirmed = await anna.run(["second-factor", "confirm", codeOf(secret), "--json"]);
    const { recovery_codes: codes } = JSON.parse(confirmed.stdout) as { recovery_codes: string[] };
    const [first = "", second = "", third = ""] = codes;
    const who = { "https://drive.example": home.server.url, "you@example.com": administrator.email };
    await next("holdfast login", { ...who, "RECOVERY-CODE-1": first }, `${password}\n`);
    const { stdout } = await next("holdfast second-factor on", { "RECOVERY-CODE-2": second }, `${password}\n`);
    const [, secretOfNew = ""] = /authenticator app: ([A-Z2-7]+)/.exec(stdout) ?? [];
    await next("holdfast second-factor confirm", { "123456": codeOf(secretOfNew) });
    const login = ["login", home.server.url, "--email", administrator.email, "--password-stdin", "--totp", third];
    assert.equal((await anna.run(login, `${password}\n`)).code, 3, "there are new ones");
    over();
  });

  test("each story on the page is tested", () => {
    assert.deepEqual([...stories.keys()].toSorted(), [...shown].toSorted());
  });
});
