import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "@holdfast/tools/bounded";
import { seed } from "@holdfast/tools/properties";
import { filesBelow } from "./files-below.ts";
import { assertCommitted, hashOf, putBatch } from "./batches.ts";
import { findPackFiles, flipByte } from "./pack-files.ts";
import {
  administrator,
  Api,
  type CommandResult,
  eventually,
  holdfast,
  launcher,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";
import {
  commitBatch,
  drawsOf,
  finishUploads,
  keepWorking,
  type Ledger,
  newLedger,
  TimedFiles,
  uploadAtOnce,
  uploadInPieces,
  verifyFiles,
  type Work,
} from "./traffic.ts";

/**
 * Invariant: a backup restores everything acknowledged before its time, and an incomplete one never counts as a backup.
 */
describe("Backup by command", () => {
  let folder: string;
  let data: string;
  let place: string;
  let server: RunningServer;
  let api: Api;
  const files = new TimedFiles();

  before(async () => {
    folder = makeFolder("backup");
    data = join(folder, "data");
    place = join(folder, "backups");
    server = await startServer({ dataFolder: data });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const command = (...args: string[]): Promise<CommandResult> =>
    holdfast(["admin", ...args], { env: { HOLDFAST_CONFIG_DIR: join(folder, "config") } });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await command(...args, "--json");
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    return JSON.parse(stdout);
  };
  const backup = (...args: string[]) => json("backup", place, "--data", data, ...args);

  test("under write load, contains every file acknowledged before its time", async (t) => {
    t.diagnostic(`HOLDFAST_SEED=${seed}`);
    const ledger: Ledger = { ...newLedger(), files };
    const traffic = { api, ledger, draw: drawsOf(seed), passes: () => false };
    let made;
    const run = async () => {
      await eventually("there is something to back up", 60_000, () => (files.size > 20 ? true : undefined));
      made = await backup();
    };
    await keepWorking(traffic, [uploadAtOnce, uploadInPieces, commitBatch].map(paced), run());
    await finishUploads(api, ledger);
    const { consistent_at, bytes, added_bytes, problems } = made!;
    assert.deepEqual(problems, []);
    assert.ok(bytes > 0 && added_bytes === bytes, "the first one adds all of it");
    const acknowledged = files.before(Date.parse(consistent_at));
    assert.ok(acknowledged.size > 20 && acknowledged.size < files.size, "files came before, and while it ran");
    t.diagnostic(`${acknowledged.size} of ${files.size} files were acknowledged before`);
    await withRestored(t, [], (restored) => verifyFiles(restored, acknowledged));
    for (const path of [...files.keys()].filter((_, index) => index % 5 > 0)) files.delete(path);
  });

  /** Runs during the backup without delaying it endlessly. */
  function paced(work: Work): Work {
    return async (traffic) => {
      if (files.size > 300) await delay(200);
      await work(traffic);
    };
  }

  test("a later one adds little, and without --data the signed-in server is backed up", async () => {
    const login = ["login", server.url, "--email", administrator.email, "--password-stdin"];
    const env = { HOLDFAST_CONFIG_DIR: join(folder, "config") };
    assert.equal((await holdfast(login, { env, input: `${administrator.password}\n` })).code, 0);
    const large = randomBytes(20_000_000);
    assert.equal((await api.put("/large", large)).status, 201);
    files.set("/large", hashOf(large));
    const second = await json("backup", place);
    assert.equal((await api.put("/one more", "one more")).status, 201);
    files.set("/one more", hashOf(Buffer.from("one more")));
    const third = await json("backup", place);
    assert.ok(third.bytes >= second.bytes - 1_000_000, `${second.bytes} became ${third.bytes}`);
    assert.ok(third.added_bytes < third.bytes / 10, `${third.added_bytes} of ${third.bytes} are new`);
    await withRestored(undefined, [], (restored) => verifyFiles(restored, files));
  });

  test("after a restore, earlier cursors get reset although nothing was lost", async () => {
    await json("backup", place, "--data", data);
    const { body } = await api.call("GET", "/changes/start_token");
    await withRestored(undefined, [], async (restored) => {
      const answer = await restored.call("GET", `/changes/list?since_token=${encodeURIComponent(body.token)}`);
      assert.deepEqual([answer.status, answer.body.code, answer.body.reason], [410, "reset", "epoch"]);
    });
  });

  test("a restore is recorded in the audit, which still verifies", async () => {
    await withRestored(undefined, [], async (restored) => {
      const { items } = await ok(restored, "GET", "/admin/audit?limit=5000");
      const entries = (items as AuditEntryJson[]).filter(({ action }) => action.startsWith("server.")).slice(-2);
      assert.equal(entries.map(({ action }) => action).join(), "server.restore,server.start");
      assert.equal(typeof entries[0]?.detail?.["system_user"], "string");
      assert.equal((await ok(restored, "POST", "/admin/audit/verify", {})).ok, true);
    });
  });

  test("--at restores the newest backup up to that time, and --keep removes older ones", async () => {
    const beforeIt = await backup();
    assert.equal((await api.put("/after", "after")).status, 201);
    const newest = await backup("--keep", "2");
    assert.ok(newest.removed.length >= 1);
    assert.equal(readdirSync(join(place, "objects", "backups")).length, 2);
    await withRestored(undefined, ["--at", beforeIt.consistent_at], async (restored) => {
      await verifyFiles(restored, files);
      assert.equal((await restored.call("GET", "/metadata?path=/after")).status, 404);
    });
    const tooEarly = ["--at", "2020-01-01T00:00:00Z"];
    const early = await command("restore-backup", place, "--data", join(folder, "early"), ...tooEarly);
    assert.equal(early.code, 4);
    assert.match(early.stderr, /no backup from that time/);
    assert.equal(existsSync(join(folder, "early")), false);
    files.set("/after", hashOf(Buffer.from("after")));
  });

  test("restores any moment since the first backup from the archived log", async (t) => {
    await backup();
    for (const path of ["/by the log", "/by the log too"]) {
      const content = randomBytes(300_000);
      assert.equal((await api.put(path, content)).status, 201);
      files.set(path, hashOf(content));
    }
    const moment = new Date().toISOString();
    await eventually("the clock goes on", 60_000, () => (Date.now() > Date.parse(moment) + 1 ? true : undefined));
    const expected = new Map(files);
    for (const path of ["/later", "/and later"]) {
      const content = randomBytes(300_000);
      assert.equal((await api.put(path, content)).status, 201);
      files.set(path, hashOf(content));
    }

    // A server archives soon after its start and then each minute.
    await server.stop();
    const startedMs = Date.now();
    server = await startServer({ dataFolder: data, port: server.port });
    api = await Api.signIn(server.url);
    await eventually("the log follows the backup", 120_000, () => (headMs() > startedMs ? true : undefined));
    await withRestored(t, ["--at", moment], async (restored, { consistent_at }) => {
      assert.equal(consistent_at, moment);
      await verifyFiles(restored, expected);
      for (const path of ["/later", "/and later"])
        assert.equal((await restored.call("GET", `/metadata?path=${encodeURIComponent(path)}`)).status, 404);
    });
    await withRestored(t, [], async (restored) => {
      await verifyFiles(restored, files);
    });
    const archived = filesBelow(join(place, "objects", "log")).filter((path) => !path.endsWith("head"));
    const last = archived.toSorted().at(-1)!;
    flipByte(last, statSync(last).size >> 1);
    const { code, stderr } = await command("restore-backup", place, "--data", join(folder, "flipped-log"));
    flipByte(last, statSync(last).size >> 1);
    assert.equal(code, 1);
    assert.match(stderr, /damaged/);
  });

  function headMs(): number {
    const heads = existsSync(join(place, "objects", "log")) ? filesBelow(join(place, "objects", "log")) : [];
    return Math.max(0, ...heads.filter((path) => path.endsWith("head")).map((path) => statSync(path).mtimeMs));
  }

  test("contains no readable content, names or addresses, and no key", async () => {
    assert.equal((await api.put("/a telling name.txt", "a telling content")).status, 201);
    files.set("/a telling name.txt", hashOf(Buffer.from("a telling content")));
    const { key } = await backup();
    assert.equal(key, join(data, "key-encryption-key"));
    const secrets = ["telling", administrator.email, readFileSync(key, "utf8").trim()];
    for (const path of filesBelow(place)) {
      const content = readFileSync(path);
      for (const secret of secrets) assert.equal(content.indexOf(secret), -1, `${path} shows ${secret}`);
    }
  });

  test("a restore without the right key fails and names the required key", async () => {
    const target = join(folder, "without-key");
    const key = join(data, "key-encryption-key");
    const hidden = `${key}.hidden`;
    renameSync(key, hidden);
    try {
      const missing = await command("restore-backup", place, "--data", target);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /key that opens the backup is missing: .*key-encryption-key/);
      writeFileSync(join(folder, "other-key"), `${randomBytes(32).toString("base64")}\n`);
      const wrong = await command("restore-backup", place, "--data", target, "--key", join(folder, "other-key"));
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /is not the key of the server.* That key was in \S+key-encryption-key when/);
      assert.equal(existsSync(target), false);
      await withRestored(undefined, ["--key", hidden], (restored) => verifyFiles(restored, files));
    } finally {
      renameSync(hidden, key);
    }
  });

  test("rejects a restore into a folder that is not empty, and backups into a server's store", async () => {
    const full = await command("restore-backup", place, "--data", data);
    assert.equal(full.code, 5);
    assert.match(full.stderr, /not empty/);
    const store = await command("backup", join(data, "store"), "--data", data);
    assert.equal(store.code, 2);
    assert.match(store.stderr, /belongs to the server:/);
    await verifyFiles(api, new Map([...files].slice(0, 5)));
  });

  test("a drill restores the newest backup elsewhere, verifies it and leaves no files", async () => {
    const scratch = makeFolder("drill");
    const report = await json("drill", "--data", data, "--scratch", scratch);
    assert.deepEqual(report.problems, []);
    assert.ok(report.recovery_seconds > 0 && report.recovery_point_seconds >= 0);
    assert.ok(report.files >= files.size, `${report.files} of ${files.size} files`);
    assert.ok(report.bytes > 0);
    const some = await json("drill", place, "--data", data, "--scratch", scratch, "--sample", "1");
    assert.equal(some.packs, 1);
    assert.deepEqual(readdirSync(scratch), []);
    removeFolder(scratch);
  });

  test("a flipped bit in a pack, the database or the manifest is found before anything is restored", async () => {
    const target = join(folder, "flipped");
    const [pack, packFile] = [...findPackFiles(place)][0]!;
    const pieces = filesBelow(join(place, "objects", "database"));
    const newest = filesBelow(join(place, "objects", "backups"))
      .toSorted()
      .at(-1)!;
    for (const [what, path, at] of [
      ["a pack", packFile, statSync(packFile).size >> 1],
      ["a manifest", newest, 200],
      ["a keyring", join(place, "objects", "keyring"), 90],
    ] as const) {
      flipByte(path, at);
      const { code, stderr } = await command("restore-backup", place, "--data", target);
      assert.equal(code, 1, `${what}: ${stderr}`);
      assert.match(stderr, /damaged|not a keyring|is not the key of the server/, what);
      assert.equal(existsSync(target), false);
      if (what === "a pack") await findsByDrill(pack);
      flipByte(path, at);
    }
    // Objects of older backups only do not concern the newest.
    for (const piece of pieces) flipByte(piece, 30);
    const { code, stderr } = await command("restore-backup", place, "--data", target);
    assert.equal(code, 1);
    assert.match(stderr, /damaged/);
    assert.equal(existsSync(target), false);
    for (const piece of pieces) flipByte(piece, 30);
    await json("restore-backup", place, "--data", target);
  });

  async function findsByDrill(pack: string): Promise<void> {
    const { code, stdout } = await command("drill", place, "--data", data, "--json");
    assert.equal(code, 1);
    const problems: string[] = JSON.parse(stdout).problems;
    assert.ok(
      problems.some((problem) => problem.replaceAll("-", "").includes(pack)),
      problems.join("\n"),
    );
    assert.ok(
      problems.some((problem) => problem.startsWith(`${administrator.email}: /`)),
      "the files are named",
    );
  }

  test("--accept-damage omits damaged files and restores the rest", async () => {
    await backup();
    const known = new Set(findPackFiles(place).keys());
    const lost = "/in a pack of its own";
    assertCommitted(await putBatch(api, [{ path: lost, blocks: [randomBytes(300_000)] }]));
    await backup();
    const [packFile = "", ...others] = [...findPackFiles(place)]
      .filter(([pack]) => !known.has(pack))
      .map(([, path]) => path);
    assert.deepEqual(others, []);
    flipByte(packFile, statSync(packFile).size >> 1);
    const target = join(folder, "accepted");
    const { code, stdout } = await command("restore-backup", place, "--data", target, "--accept-damage", "--json");
    flipByte(packFile, statSync(packFile).size >> 1);
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).problems.length, 1);
    const restored = await startServer({ dataFolder: target });
    const left = await Api.signIn(restored.url);
    // May be in the middle of the answer.
    const read = await left.download(lost).then(
      ({ status }) => status,
      () => "cut",
    );
    assert.notEqual(read, 200);
    await verifyFiles(left, files);
    await restored.stop();
  });

  test("a killed backup is discarded, the previous one stays and the next one is complete", async () => {
    const whole = readdirSync(join(place, "objects", "backups"));
    const other = join(folder, "killed");
    await killWhen(["backup", other, "--data", data], () => existsSync(join(other, "objects", "database")));
    const none = await command("restore-backup", other, "--data", join(folder, "of-none"));
    assert.equal(none.code, 4, none.stderr);
    assert.match(none.stderr, /no complete backup/);
    assertCommitted(await putBatch(api, [{ path: "/before the kill", blocks: [randomBytes(2_000_000)] }]));
    const pieces = () => filesBelow(join(place, "objects", "database")).length;
    const known = pieces();
    await killWhen(["backup", place, "--data", data], () => pieces() > known);
    assert.deepEqual(readdirSync(join(place, "objects", "backups")), whole);
    await queryDatabase(data, "select 1");
    await eventually("the database keeps no log for a backup that is gone", 60_000, async () => {
      const slots = await queryDatabase(data, "select from pg_replication_slots where slot_name like '%backup%'");
      return slots.length === 0 ? true : undefined;
    });
    await json("backup", other, "--data", data);
    await backup();
    await withRestored(undefined, [], (restored) => verifyFiles(restored, files));
  });

  test("a server does not start on a killed restore until it is repeated", async (t) => {
    const target = join(folder, "half");
    for (const isFar of [
      () => existsSync(join(target, "restore-unfinished")),
      () => existsSync(join(target, "postgres", "backup_label.old")),
    ]) {
      await killWhen(["restore-backup", place, "--data", target], isFar);
      const refused = await holdfast(["serve", "--data", target, "--listen", "127.0.0.1:0"]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /restore into .* was interrupted/);
      const admin = await command("users", "ls", "--data", target);
      assert.equal(admin.code, 1);
      assert.match(admin.stderr, /restore into .* was interrupted/);
    }
    rmSync(join(folder, "restored"), { recursive: true, force: true });
    renameSync(target, join(folder, "restored"));
    await withRestored(t, [], (restored) => verifyFiles(restored, files));
  });

  async function killWhen(args: readonly string[], isFar: () => boolean): Promise<void> {
    const child = spawn(launcher, ["admin", ...args], { stdio: "ignore" });
    const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    // Checks without pauses, because it could end during one.
    await until(`${args[0]} is under way`, () => isFar() || child.exitCode !== null);
    child.kill("SIGKILL");
    assert.equal(await exited, "SIGKILL", `${args[0]} ended before it was killed`);
  }

  async function withRestored(
    t: TestContext | undefined,
    args: readonly string[],
    work: (restored: Api, report: { readonly consistent_at: string }) => Promise<void>,
  ): Promise<void> {
    const target = join(folder, "restored");
    const report = await json("restore-backup", place, "--data", target, ...args);
    t?.diagnostic(JSON.stringify(report));
    assert.deepEqual(report.problems, []);
    const restored = await startServer({ dataFolder: target });
    try {
      await work(await Api.signIn(restored.url), report);
    } finally {
      await restored.stop();
      rmSync(target, { recursive: true, force: true });
    }
  }
});
