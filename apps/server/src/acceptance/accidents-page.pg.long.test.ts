import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fillUpTo, mountSmallDisk, unmount } from "./small-disk.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import {
  administrator,
  Api,
  type CommandResult,
  eventually,
  launcher,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/** Commands of docs/accidents.md by heading. Each test makes the accident and runs the page's exact commands. */
const page = readFileSync(new URL("../../../../docs/accidents.md", import.meta.url), "utf8");
const commands = new Map(
  page.split("\n## ").map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    return [heading, lines.filter((line) => line.startsWith("    ")).map((line) => line.trim())] as const;
  }),
);
const said = new Set<string>();

class Night {
  readonly folder = makeFolder("accident");
  readonly data = `${this.folder}/holdfast`;
  server: RunningServer | undefined;
  api: Api = new Api("");
  readonly here = new Map<string, string>();
  onEnd: () => void = () => {};
  #left: string[] = [];

  static async begin(t: TestContext, heading: string, args?: readonly string[]): Promise<Night>;
  /** @returns undefined if a requirement is missing here, so the test is skipped */
  static async begin(
    t: TestContext,
    heading: string,
    args: readonly string[],
    prepare: (night: Night) => boolean,
  ): Promise<Night | undefined>;
  static async begin(
    t: TestContext,
    heading: string,
    args: readonly string[] = [],
    prepare: (night: Night) => boolean = () => true,
  ): Promise<Night | undefined> {
    const night = new Night();
    t.after(() => night.#end());
    said.add(heading);
    if (!prepare(night)) return undefined;
    night.#left = [...(commands.get(heading) ?? assert.fail(`docs/accidents.md has no "${heading}"`))];
    assert.ok(night.#left.length > 0, heading);
    said.add(heading);
    await night.start(night.data, args);
    await night.#login();
    return night;
  }

  async start(dataFolder = this.data, args: readonly string[] = []): Promise<void> {
    const port = this.server?.port;
    this.server = await startServer({ dataFolder, args, ...(port === undefined ? {} : { port }) });
    this.api = await Api.signIn(this.server.url);
  }

  async next(begin: string, code = 0): Promise<CommandResult> {
    const line = this.#left.shift() ?? assert.fail(`the page says no more, but not "${begin}"`);
    assert.ok(line.includes(begin), `the page says "${line}" where it is "${begin}"`);
    if (line.startsWith("holdfast serve --data ")) {
      await this.start(this.#translate(line).split(" ")[3]);
      return { code: 0, stdout: "", stderr: "" };
    }
    const done = this.say(line);
    assert.equal(done.code, code, `${line}\n${done.stdout}${done.stderr}`);
    return done;
  }

  say(line: string): CommandResult {
    const env = { ...process.env, PATH: `${dirname(launcher)}:${process.env["PATH"] ?? ""}` };
    const { status, stdout, stderr } = spawnSync("sh", ["-c", this.#translate(line)], {
      cwd: this.folder,
      env: { ...env, HOLDFAST_CONFIG_DIR: `${this.folder}/config` },
      input: `${administrator.password}\n`,
      encoding: "utf8",
    });
    return { code: status, stdout, stderr };
  }

  over(): void {
    assert.deepEqual(this.#left, []);
  }

  async #login(): Promise<void> {
    const { code, stderr } = this.say(
      `holdfast login ${this.server?.url} --email ${administrator.email} --password-stdin`,
    );
    assert.equal(code, 0, stderr);
  }

  #translate(line: string): string {
    const words: [string, string][] = [
      ["/srv/holdfast", this.data],
      ["/srv/new", `${this.folder}/new`],
      ["/mnt/", `${this.folder}/`],
      ["http://127.0.0.1:8420", this.server?.url ?? ""],
      ...this.here,
    ];
    return words.reduce((text, [word, here]) => text.replaceAll(word, here), line);
  }

  async #end(): Promise<void> {
    await this.server?.stop();
    this.onEnd();
    removeFolder(this.folder);
  }
}

async function putAll(api: Api, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    assert.ok((await api.put(path, content, "&on_conflict=replace&parents=true")).status < 300, path);
  }
}

async function reads(api: Api, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const { status, body } = await api.download(path);
    assert.equal(status, 200, path);
    assert.ok(Buffer.from(content).equals(body), path);
  }
}

const files = { "/report.odt": randomBytes(40_000), "/notes.txt": "what was written down\n".repeat(500) };

test("the guide's steps recover a server with a full disk", async (t) => {
  const night = await Night.begin(t, "The disk is full", [], (each) => mountSmallDisk(t, each.data, 256 * 1024 * 1024));
  if (night === undefined) return;
  night.onEnd = () => unmount(night.data);
  await putAll(night.api, files);
  mkdirSync(`${night.data}/thumbs/00`, { recursive: true });
  writeFileSync(`${night.data}/thumbs/00/thumbnail`, randomBytes(64 * 1024 * 1024));
  fillUpTo(night.data, 0);
  // The page's first step works on a full disk, and frees room for the later steps.
  await night.next("rm -rf /srv/holdfast/thumbs/*");
  assert.match((await night.next("admin doctor", 1)).stdout, /fail +disk/);
  await night.next("admin gc --dry-run");
  await night.next("admin gc --now");
  await reads(night.api, files);
  night.over();
});

test("the guide's steps free the quota that old versions fill", async (t) => {
  const night = await Night.begin(t, "The drive is full although nothing was added");
  const { api } = night;
  await ok(api, "PATCH", `/admin/users/${administrator.email}`, { quota_bytes: 1_000_000 });
  await putAll(api, files);
  const film = (): Buffer => randomBytes(900_000);
  for (let version = 1; version <= 4; version += 1) await putAll(api, { "/film.mp4": film() });
  const refused = await api.put("/film.mp4", film(), "&on_conflict=replace");
  assert.deepEqual([refused.status, refused.body.code], [507, "quota"]);
  assert.match((await night.next("df")).stdout, /old versions +2\.6 MiB[^]*\/film\.mp4/);
  assert.match((await night.next("--dry-run")).stdout, /3 old versions/);
  await night.next("versions prune");
  await putAll(api, { "/film.mp4": film() });
  await night.next("trash empty");
  night.here.set("ann@example.com", administrator.email);
  await night.next("admin users quota");
  await putAll(api, { "/film.mp4": film(), "/more": film() });
  await reads(api, files);
  night.over();
});

test("the guide's steps restore a lost store from the other one", async (t) => {
  const folder = makeFolder("accident-stores");
  t.after(() => removeFolder(folder));
  const args = ["--store", `${folder}/one`, "--second-store", `${folder}/two`];
  const night = await Night.begin(t, "One of two stores is lost", args);
  await putAll(night.api, files);
  await night.server?.stop();
  rmSync(`${folder}/two`, { recursive: true });
  await night.start(night.data, args);
  await reads(night.api, files);
  assert.match((await night.next("copies status")).stdout, /one[^]*two/);
  await eventually("both are equal", 180_000, async () => {
    const { copies } = await ok(night.api, "GET", "/admin/copies");
    return copies.every(({ state }: { state: string }) => state === "ok") ? true : undefined;
  });
  await night.next("copies verify");
  night.over();
});

async function backUp(night: Night): Promise<void> {
  const { code, stderr } = night.say("holdfast admin backup /mnt/backups --data /srv/holdfast");
  assert.equal(code, 0, stderr);
  mkdirSync(`${night.folder}/keys`);
  copyFileSync(`${night.data}/key-encryption-key`, `${night.folder}/keys/key-encryption-key`);
}

test("the guide's steps restore a lost server from its backup", async (t) => {
  const night = await Night.begin(t, "Everything is lost");
  await putAll(night.api, files);
  await backUp(night);
  await night.server?.stop();
  rmSync(night.data, { recursive: true });
  await night.next("admin restore-backup");
  await night.next("serve");
  await reads(night.api, files);
  night.over();
});

test("the guide's steps rebuild a lost database from the store", async (t) => {
  const night = await Night.begin(t, "The database is lost");
  await putAll(night.api, files);
  // The server normally does this three minutes after its first start.
  await night.server?.stop();
  process.env["HOLDFAST_SNAPSHOT_INTERVAL"] = "1s";
  t.after(() => delete process.env["HOLDFAST_SNAPSHOT_INTERVAL"]);
  await night.start();
  await eventually("the metadata is in the store", 120_000, () => {
    const found = spawnSync("find", [`${night.data}/store/objects/metadata`, "-type", "f"], { encoding: "utf8" });
    return /backups\//.test(found.stdout) ? true : undefined;
  });
  await night.server?.stop();
  rmSync(`${night.data}/postgres`, { recursive: true });
  await night.next("admin rebuild");
  await night.next("serve");
  await reads(night.api, files);
  night.over();
});

test("the guide's steps put a lost key-encryption key back", async (t) => {
  const night = await Night.begin(t, "The key is lost");
  await putAll(night.api, files);
  await backUp(night);
  await night.server?.stop();
  rmSync(`${night.data}/key-encryption-key`);
  await assert.rejects(night.start(), /key/);
  await night.next("cp ");
  await night.next("chmod 600");
  await night.next("admin doctor");
  await night.next("serve");
  await reads(night.api, files);
  night.over();
});

test("the guide's steps undo what a ransomware device changed", async (t) => {
  const night = await Night.begin(t, "A ransom program was there");
  await putAll(night.api, files);
  const bad = await Api.signIn(night.server?.url ?? "");
  const { items } = await ok(night.api, "GET", "/devices");
  const device = items.findLast(({ name }: { name: string }) => name === "test");
  night.here.set("--to 2h", `--to ${new Date().toISOString()}`);
  for (const [path, content] of Object.entries(files)) {
    await ok(bad, "DELETE", `/files/${await bad.idOf(path)}`);
    assert.equal((await bad.put(`${path}.locked`, Buffer.from(content).toString("base64"))).status, 201);
  }
  assert.match((await night.next("devices")).stdout, /test/);
  night.here.set("rm ID", `rm ${device.id}`);
  await night.next("devices rm");
  assert.ok(
    [await bad.call("GET", "/account"), await night.api.call("GET", "/account")].some((each) => each.status === 401),
  );
  await night.next("--dry-run");
  await night.next("rewind");
  const api = await Api.signIn(night.server?.url ?? "");
  await reads(api, files);
  assert.equal((await api.call("GET", "/metadata?path=%2Freport.odt.locked")).status, 404);
  night.over();
});

test("the guide's steps restore deleted and overwritten files", async (t) => {
  const night = await Night.begin(t, "Something was deleted by mistake");
  const { api } = night;
  const drawn = { "/Projects/plan.txt": "the plan", "/Documents/letter.txt": "a letter" };
  for (const folder of ["/Projects", "/Documents"])
    await ok(api, "POST", "/metadata", { path: folder, kind: "folder" });
  await putAll(api, { ...files, ...drawn });
  night.here.set("--to 2h", `--to ${new Date().toISOString()}`);
  await ok(api, "DELETE", `/files/${await api.idOf("/Projects")}`);
  await ok(api, "DELETE", `/files/${await api.idOf("/Documents/letter.txt")}`);
  await putAll(api, { "/report.odt": "overwritten" });
  assert.match((await night.next("trash ls")).stdout, /Projects/);
  await night.next("trash restore");
  await night.next("versions");
  await night.next("restore");
  await night.next("rewind");
  await reads(api, { ...files, ...drawn });
  night.over();
});

test("the guide's steps replace the content of a damaged pack", async (t) => {
  const night = await Night.begin(t, "A pack is damaged");
  await putAll(night.api, { "/report.odt": files["/report.odt"] });
  const [pack = ""] = findPackFiles(`${night.data}/store`).values();
  flipByte(pack, readPackLayout(pack).records[0]!.start + 20);
  assert.match((await night.next("admin scrub", 1)).stdout, /report\.odt/);
  writeFileSync(join(night.folder, "report.odt"), files["/report.odt"]);
  await night.next("put ./report.odt");
  await night.next("admin scrub");
  await reads(night.api, { "/report.odt": files["/report.odt"] });
  night.over();
});

test("the guide's steps return from a failed upgrade to the backup", async (t) => {
  const night = await Night.begin(t, "An upgrade failed");
  await putAll(night.api, files);
  await night.next("admin backup");
  await night.server?.stop();
  renameSync(`${night.data}/postgres`, `${night.data}/postgres.broken`);
  await night.next("admin restore-backup");
  await night.next("serve");
  await reads(night.api, files);
  night.over();
});

test("the guide's steps diagnose a slow server", async (t) => {
  const night = await Night.begin(t, "The server is slow");
  await putAll(night.api, files);
  assert.match((await night.next("admin doctor")).stdout, /disk/);
  await night.next("jobs ls");
  await night.next("jobs ls --dead");
  const { stdout } = await night.next("curl");
  assert.match(stdout, /http_request_duration_seconds_sum/);
  const known = await (await fetch(`${night.server?.url}/metrics`)).text();
  const figures = [...(commands.get("The server is slow")?.at(-1) ?? "").matchAll(/[a-z0-9_]+_[a-z0-9_]+/g)].map(
    ([name]) => name,
  );
  for (const figure of figures) assert.ok(known.includes(figure.replace(/_sum$/, "")), `/metrics has no ${figure}`);
  night.over();
});

test("every guide section with commands has a test", () => {
  const all = [...commands].flatMap(([heading, lines]) => (lines.length > 0 ? [heading] : []));
  assert.deepEqual(said, new Set(all));
});
