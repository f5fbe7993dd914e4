import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { before, describe, test } from "node:test";
import { isDeepStrictEqual, promisify } from "node:util";
import { administrator, Api, eventually, launcher, ok } from "@holdfast/server/acceptance/testing";
import { requireComponent } from "@holdfast/tools/components";
import { onTerminal } from "@holdfast/tools/pseudo-terminal";
import { newSyncFolder, saveRecord } from "../sync/known-syncs.ts";
import { useSignedIn } from "./testing-signed-in.ts";

const waitMs = 60_000;

describe("Completion in a real shell", () => {
  const signedIn = useSignedIn("completion");
  const { folder, run } = signedIn;
  const scripts = join(folder, "scripts");
  const programs = join(folder, "programs");
  const env = {
    ...process.env,
    HOME: folder,
    HOLDFAST_CONFIG_DIR: `${folder}/config`,
    PATH: `${programs}${delimiter}${process.env["PATH"] ?? ""}`,
  };

  before(async () => {
    mkdirSync(scripts);
    mkdirSync(programs);
    symlinkSync(launcher, join(programs, "holdfast"));
    for (const [shell, name] of [
      ["zsh", "_holdfast"],
      ["fish", "holdfast.fish"],
      ["bash", "holdfast"],
    ] as const)
      writeFileSync(join(scripts, name), (await run(["completion", shell])).stdout);
    writeFileSync(join(folder, "local file"), "");
    await run(["mkdir", "/photos", "/phone bills", "/gone"]);
    await run(["rm", "/gone"]);
    const { email, password } = administrator;
    await ok(new Api(signedIn.server.url), "POST", "/sessions", { email, password, device_name: "completion box" });
    const ids = { server_id: "s", account_id: "a", remote: "", remote_id: "r", marker: "1" };
    const whose = { root: "/synced folder", server: signedIn.server.url, account: email, device: "laptop" };
    const limits = { brake: null, is_paused: false, limit_up: null, limit_down: null };
    await saveRecord(await newSyncFolder(`${folder}/config`), { ...whose, ...ids, ...limits });
  });

  /** Text after `holdfast`, with all candidates for its last word. */
  const table: readonly (readonly [line: string, candidates: readonly string[]])[] = [
    ["who", ["whoami"]],
    ["help who", ["whoami"]],
    ["help admin users di", ["disable"]],
    ["version ", []],
    ["share /photos --role e", ["editor"]],
    ["link /photos --role u", ["uploader"]],
    ["devices rm comp", ["completion box"]],
    ["pause /synced", ["/synced folder"]],
    ["admin users di", ["disable"]],
    ["rm --perm", ["--permanent"]],
    ["put local", ["local file"]],
    ["ls /pho", ["/phone bills/", "/photos/"]],
    ["mv /photos /phot", ["/photos/"]],
    ["sync local --remote /phot", ["/photos/"]],
    ["search --in /phot", ["/photos/"]],
    ["import archive --to /phot", ["/photos/"]],
    ["mount holiday --at /phot", ["/photos/"]],
    ["app-passwords add phone --folder /phot", ["/photos/"]],
    ["trash restore /g", ["/gone"]],
    ["trash restore /pho", []],
    ["trash restore /gone --to /phot", ["/photos/"]],
    ["rewind /photos --to /phot", []],
    ["transfer /photos --to /phot", []],
    ["link ls /phot", ["/photos/"]],
    ["trash ls /phot", []],
  ];

  async function assertCompletes(complete: (line: string) => Promise<readonly string[]>): Promise<void> {
    for (const [line, expected] of table) {
      let found: readonly string[] = [];
      // On a busy machine, the two seconds of completion may not suffice.
      await eventually(`${line} is completed`, waitMs, async () => {
        found = (await complete(line)).toSorted();
        return isDeepStrictEqual(found, expected) || (expected.length === 0 && found.length > 0) || undefined;
      });
      assert.deepEqual(found, expected, line);
    }
  }

  test("works in bash", async () => {
    await assertCompletes(async (line) => {
      const words = ["holdfast", ...line.split(" ")].map((word) => `'${word}'`).join(" ");
      const script = `. ${scripts}/holdfast; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", script], { env, cwd: folder });
      return stdout.split("\n").filter(Boolean);
    });
  });

  test("works in fish", async (t) => {
    if (!requireComponent(t, "fish")) return;
    await assertCompletes(async (line) => {
      const asking = `source ${scripts}/holdfast.fish; complete -C 'holdfast ${line}'`;
      const { stdout } = await promisify(execFile)("fish", ["--no-config", "-c", asking], { env, cwd: folder });
      const candidates = stdout.split("\n").map((each) => each.split("\t")[0] ?? "");
      return candidates.filter(Boolean);
    });
  });

  test("works in zsh", async (t) => {
    if (!requireComponent(t, "zsh") || !requireComponent(t, "python3")) return;
    const shell = onTerminal(["zsh", "-f"], { env, columns: 200 });
    t.after(() => shell.hangUp());
    const said = (): string[] => shell.lines().filter((line) => line.startsWith("said|"));
    const say = async (keys: string): Promise<string> => {
      const soFar = said().length;
      shell.type(`${keys}\r`);
      return eventually(`zsh answers ${keys}`, waitMs, async () => said()[soFar]);
    };
    await say(
      [
        `cd ${folder}; fpath=(${scripts} $fpath); autoload -Uz compinit; compinit -u -D; PS1='> '`,
        `zstyle ':completion:*' completer _all_matches _complete; zstyle ':completion:*' insert true`,
        `holdfast() { if [[ $1 == __complete ]]; then command holdfast "$@"; else print -r -- "said|\${(j:|:)@}"; fi }`,
        `print "said|ready"`,
      ].join("; "),
    );
    await assertCompletes(async (line) => {
      const words = line.split(" ");
      const inserted = (await say(`holdfast ${line}\t`)).split("|").slice(words.length);
      return isDeepStrictEqual(inserted, words.slice(-1)) ? [] : inserted;
    });
    shell.type("exit\r");
    assert.equal(await shell.ended, 0);
  });
});
