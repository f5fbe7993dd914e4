import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  Api,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { runHere } from "../commands/testing-run.ts";
import { jsonAnswer, Meddler, problemAnswer } from "./meddler.ts";

/** A window title, a one-character CSI, a change of text direction, and a line that imitates another program. */
const steering = "\u001b]0;x\u0007\u009b2J\u202e\u007f\nholdfast: Password:";
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const steers = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|^holdfast: Password/m;

/** Invariant: strings of a server, a disk or a command line reach a terminal only as text. */
describe("Terminal", () => {
  let folder: string;
  let server: RunningServer;
  let meddler: Meddler;
  let env: Record<string, string>;

  before(async () => {
    folder = makeFolder("terminal");
    server = await startServer({ dataFolder: `${folder}/data` });
    meddler = await Meddler.stand(server.url);
    const api = await Api.signIn(server.url);
    env = { HOLDFAST_CONFIG_DIR: `${folder}/config`, HOLDFAST_SERVER: meddler.url, HOLDFAST_TOKEN: api.token ?? "" };
    writeFileSync(join(folder, `file${steering}`), "its name is not taken");
    writeFileSync(join(folder, "file"), "a file");
    const put = await holdfast(["put", join(folder, "file"), "/folder/file"], { env });
    assert.equal(put.code, 0, put.stderr);
  });
  after(async () => {
    await meddler?.close();
    await server?.stop();
    removeFolder(folder);
  });

  /** Runs in this process, to avoid hundreds of starts. */
  async function assertText(args: readonly string[], input = ""): Promise<void> {
    const { stdout, stderr } = await runHere(env, args, { input });
    for (const each of [stdout, stderr]) {
      assert.doesNotMatch(each, steers, `${JSON.stringify(args)} shows ${JSON.stringify(each)}`);
    }
  }

  const strange = `/folder/x${steering}`;
  const commands = (): string[][] => [
    ["whoami"],
    ["df"],
    ["ls", "-l", "/folder"],
    ["ls", "-R", "/"],
    ["tree", "/"],
    ["mkdir", strange],
    ["mkdir", "-p", strange],
    ["mv", "/folder/file", "/folder/other"],
    ["mv", strange, "/folder/other"],
    ["cp", "/folder/file", "/folder/copy"],
    ["rm", "/folder/nothing"],
    ["rm", strange],
    ["versions", "/folder/file"],
    ["versions", strange],
    ["restore", "/folder/file", "--version", "1"],
    ["trash", "ls"],
    ["token", "ls"],
    ["token", "create", strange],
    ["devices"],
    ["cat", strange],
    ["get", strange, join(folder, "got")],
    ["get", "/folder", join(folder, `got${steering}`)],
    ["put", join(folder, `file${steering}`), "/folder/"],
    ["put", join(folder, "file"), strange],
    ["put", folder + steering, "/"],
    ["admin", "users", "ls"],
    ["admin", "scrub"],
    [strange],
    ["ls", `--${steering}`],
    ["status", folder + steering],
    ["sync", folder + steering, "--dry-run"],
    ["login", `http://127.0.0.1:9${steering}`],
  ];

  for (const json of [[], ["--json"]]) {
    test(`shows problems with names as text${json.join(" ")}`, async () => {
      for (const args of commands()) await assertText([...args, ...json]);
    });

    test(`shows a server's failure messages as text${json.join(" ")}`, async () => {
      meddler.meddling = () => Promise.resolve(problemAnswer(409, "conflict", `no${steering}`));
      for (const args of commands()) await assertText([...args, ...json]);
      const signIn = ["login", meddler.url, "--email", administrator.email, "--password-stdin"];
      await assertText([...signIn, ...json], "wrong\n");
    });

    test(`shows names from a server as text${json.join(" ")}`, async () => {
      const members = new Set(["name", "path", "target", "email", "created_by", "mime_type", "reason", "device_name"]);
      meddler.meddling = async (_, forward) => {
        const answer = await forward();
        if (!(answer.headers["content-type"] ?? "").includes("json") || answer.body.length === 0) return answer;
        const value = JSON.parse(answer.body.toString(), (member, held: unknown) =>
          members.has(member) && typeof held === "string" ? held + steering : held,
        );
        return jsonAnswer(answer.status, value, answer.headers["content-type"]);
      };
      for (const args of commands()) await assertText([...args, ...json]);
    });
  }
});
