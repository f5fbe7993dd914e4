import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { serviceUnit, unitName } from "./sync-unit.ts";
import { lineOf, wordsOf } from "./testing-unit.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-unit-"));
after(() => rmSync(home, { recursive: true }));

const awkward = `my drive %h 100% $HOME \${USER} "quoted" it's back\\slash ; ü`;

test("a service starts exactly the intended sync with any spelling, and contains no secret", () => {
  const root = `/home/me/${awkward}`;
  const program = ["/bin/sh", `/opt/${awkward}/holdfast`];
  const configFolder = `/home/me/.config/${awkward}`;
  const unit = serviceUnit({ root, program, args: ["--exclude", ";", "--exclude", awkward], configFolder });
  // systemd expands variables after splitting words.
  const words = wordsOf(lineOf(unit, "ExecStart")).map((word) =>
    word.replaceAll(/\$\$|\$\w+|\$\{\w+\}/g, (found) => (found === "$$" ? "$" : "")),
  );
  assert.deepEqual(words, [...program, "sync", root, "--exclude", ";", "--exclude", awkward]);
  assert.deepEqual(wordsOf(lineOf(unit, "Environment")), [`HOLDFAST_CONFIG_DIR=${configFolder}`]);
  assert.match(unit, /^Restart=on-failure$/m);
  assert.doesNotMatch(unit, /TOKEN/i);
  assert.throws(() => serviceUnit({ root: "/a\nb", program: ["/h"], args: [], configFolder: undefined }), {
    code: "usage",
  });
});

test("a service is named after its folder, and no two folders share a name", () => {
  assert.match(unitName("/home/me/My Drive"), /^holdfast-sync-My-Drive-[0-9a-f]{8}\.service$/);
  assert.match(unitName(`/home/${awkward}`), /^[A-Za-z0-9-]+\.service$/);
  assert.notEqual(unitName("/a/Drive"), unitName("/b/Drive"));
});

test("systemd accepts the unit without complaint", (t) => {
  if (spawnSync("systemd-analyze", ["--version"]).status !== 0) return t.skip("there is no systemd-analyze here");
  const folder = join(home, awkward);
  mkdirSync(folder);
  const path = join(home, unitName(folder));
  writeFileSync(
    path,
    serviceUnit({
      root: folder,
      program: ["/bin/sh", join(folder, "holdfast")],
      args: ["--exclude", ";"],
      configFolder: folder,
    }),
  );
  const env = { ...process.env, XDG_RUNTIME_DIR: home };
  const { status, stderr } = spawnSync("systemd-analyze", ["--user", "verify", path], { env, encoding: "utf8" });
  // Unknown keys cause only warnings.
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});

test("no service is written for a folder that the command would refuse to sync", () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  const holdfast = join(import.meta.dirname, "../../bin/holdfast");
  const env = { ...process.env, HOLDFAST_CONFIG_DIR: join(home, "config"), XDG_CONFIG_HOME: join(home, "xdg") };
  const run = (folder: string): ReturnType<typeof spawnSync> =>
    spawnSync("/bin/sh", [holdfast, "sync", folder, "--install-service", "--print"], { env, encoding: "utf8" });
  assert.deepEqual([run(file).status, String(run(file).stderr)], [2, `holdfast: ${file} is a file, not a folder.\n`]);
  assert.equal(run("/").status, 2);
  assert.equal(run(join(home, "later")).status, 0);
});
