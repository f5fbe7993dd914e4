import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  Api,
  eventually,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { requireComponent } from "@holdfast/tools/components";
import { onTerminal } from "@holdfast/tools/pseudo-terminal";

describe("Sync on a terminal", () => {
  let home: string;
  let server: RunningServer;
  let env: Record<string, string>;

  before(async () => {
    home = makeFolder("sync-screen");
    server = await startServer({ dataFolder: join(home, "data") });
    const { token = "" } = await Api.signIn(server.url);
    env = { HOLDFAST_CONFIG_DIR: join(home, "config"), HOLDFAST_SERVER: server.url, HOLDFAST_TOKEN: token };
  });
  after(async () => {
    await server?.stop();
    removeFolder(home);
  });

  function makeFiles(folder: string): void {
    for (let one = 0; one < 150; one += 1) {
      const inner = join(folder, "many", `${one % 5}`, `${one}`);
      mkdirSync(inner, { recursive: true });
      for (let two = 0; two < 40; two += 1) writeFileSync(join(inner, `${two}`), `${one} ${two}`);
    }
  }

  test("shows that everything is up to date, changes with --log, and only a summary of a large rm -rf", async (t) => {
    if (!requireComponent(t, "python3")) return;
    const folder = join(home, "Drive");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.txt"), "a");
    makeFiles(folder);
    const terminal = onTerminal([launcher, "sync", folder, "--log", "--brake", "off"], { columns: 80, env });
    t.after(async () => {
      terminal.type("\u0003");
      await terminal.ended;
    });
    const isAtRest = () => /in sync since [\d:]{8}$/.test(terminal.lines().at(-1) ?? "") || undefined;
    await eventually("it is up to date", 180_000, isAtRest);
    assert.match(terminal.lines()[0] ?? "", /^sync: \S+Drive, page: http:/);
    assert.ok(terminal.lines().some((line) => /^[\d:]{8} created here: a\.txt$/.test(line)));

    rmSync(join(folder, "many"), { recursive: true });
    await eventually("the deletion is sent", 180_000, () => /deleted here: many\r\n/.test(terminal.raw()) || undefined);
    await eventually("it is up to date again", 180_000, isAtRest);
    assert.doesNotMatch(terminal.raw(), /problem|cannot be read/);

    const status = await holdfast(["status", folder], { env });
    assert.match(status.stdout, /: in sync\n/);
    terminal.type("\u0003");
    assert.equal(await terminal.ended, 0);
    assert.match(terminal.lines().at(-1) ?? "", /in sync since/);
  });

  test("log lists past changes by its options, and exits with 4 for a folder that is not synced", async () => {
    const folder = join(home, "Other");
    mkdirSync(folder);
    writeFileSync(join(folder, "b.txt"), "b");
    const run = await holdfast(["sync", folder, "--remote", "/other", "--once", "--log"], { env });
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /^sync: created here: b\.txt$/m);
    rmSync(join(folder, "b.txt"));
    await holdfast(["sync", folder, "--once"], { env });
    const log = await holdfast(["log", folder], { env });
    assert.match(log.stdout, /^[-\d]{10} [:\d]{8}Z created here: b\.txt\n[-\d]{10} [:\d]{8}Z deleted here: b\.txt\n$/);
    const json = await holdfast(["log", folder, "--json", "--last", "1"], { env });
    const { items } = JSON.parse(json.stdout) as { items: { what: string; path: string; by: string }[] };
    assert.deepEqual(
      items.map(({ what, path, by }) => [what, path, by]),
      [["deleted", "b.txt", "here"]],
    );
    assert.equal((await holdfast(["log", home], { env })).code, 4);
    assert.equal((await holdfast(["log", folder, "--last", "x"], { env })).code, 2);
  });

  test("sync --once reports uploaded and downloaded totals at its end, in a log and on a terminal", async (t) => {
    const [from, to] = [join(home, "From"), join(home, "To")];
    for (const folder of [from, to]) mkdirSync(folder);
    writeFileSync(join(from, "a"), "x".repeat(2048));
    const once = (folder: string) => ["sync", folder, "--remote", "/once", "--once"];
    const log = await holdfast(once(from), { env });
    assert.match(log.stderr, /^sync: in sync\nsync: uploaded 1 file \(2\.0 KiB\)\n$/m);
    assert.doesNotMatch(log.stderr, /left, uploaded/, "nothing has moved yet");
    assert.match((await holdfast(once(from), { env })).stderr, /^sync: nothing was uploaded or downloaded\n$/m);
    assert.equal((await holdfast([...once(from), "--quiet"], { env })).stderr, "");
    assert.equal((await holdfast(["pause", from], { env })).code, 0);
    const paused = await holdfast(once(from), { env });
    assert.deepEqual(
      [paused.code, paused.stderr],
      [1, "holdfast: This sync is paused. To continue: holdfast resume\n"],
      "once",
    );
    if (!requireComponent(t, "python3")) return;
    const terminal = onTerminal([launcher, ...once(to)], { columns: 80, env });
    await terminal.ended;
    assert.match(terminal.lines().join("\n"), /^[\d:]{8} downloaded 1 file \(2\.0 KiB\)\nin sync since/m);
  });

  test("status --watch replaces its output when the status changes", async (t) => {
    if (!requireComponent(t, "python3")) return;
    const folder = join(home, "Watched");
    mkdirSync(folder);
    await holdfast(["sync", folder, "--remote", "/watched", "--once"], { env });
    const terminal = onTerminal([launcher, "status", folder, "--watch"], { columns: 80, env });
    const shows = (what: RegExp) => () => what.test(terminal.raw().split("\u001b[2J").at(-1) ?? "") || undefined;
    await eventually("it is shown", 60_000, shows(/Watched:\s+not\s+running/));
    await holdfast(["pause", folder], { env });
    await eventually("it is shown anew", 60_000, shows(/Watched:\s+not\s+running,\s+and\s+paused/));
    assert.equal(terminal.raw().split("\u001b[2J").length, 3, "once each");
    terminal.type("\u0003");
    await terminal.ended;
  });
});
