import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  Api,
  eventually,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";

describe("holdfast share, unshare, permissions, shared, mount and leave", () => {
  let folder: string;
  let server: RunningServer;
  const ann = { email: "ann@example.com", password: "the password of ann" };
  const as = (who: string) => (args: string[], input?: string) =>
    holdfast(args, { env: { HOLDFAST_CONFIG_DIR: `${folder}/${who}` }, ...(input === undefined ? {} : { input }) });
  const owner = as("owner");
  const guest = as("guest");

  before(async () => {
    folder = makeFolder("sharing-command");
    server = await startServer({ dataFolder: `${folder}/data` });
    const admin = await Api.signIn(server.url);
    assert.equal((await admin.call("POST", "/admin/users", { ...ann, name: "Ann" })).status, 201);
    for (const [run, { email, password }] of [[owner, administrator] as const, [guest, ann] as const]) {
      const login = await run(["login", server.url, "--email", email, "--password-stdin"], `${password}\n`);
      assert.equal(login.code, 0, login.stderr);
    }
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const done = async (run: typeof owner, args: string[], input?: string) => {
    const { code, stdout, stderr } = await run(args, input);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };

  test("a folder goes to somebody, is mounted, worked in, and given back", async () => {
    await done(owner, ["mkdir", "/project"]);
    await done(owner, ["put", "-", "/project/plan.txt"], "the plan");
    const said = await done(owner, ["share", "/project", "--with", ann.email, "--role", "editor", "--expires", "30d"]);
    assert.match(said, /shared \/project with ann@example\.com \(editor\)/);
    assert.match(await done(owner, ["permissions", "/project"]), /user +ann@example\.com +editor +until /);
    await eventually("the share is listed", 10_000, async () =>
      /project\//.test(await done(guest, ["shared"])) ? true : undefined,
    );
    assert.match(await done(guest, ["mount", "project", "--at", "/theirs"]), /mounted at \/theirs/);
    assert.equal(await done(guest, ["cat", "/theirs/plan.txt"]), "the plan");
    await done(guest, ["put", "-", "/theirs/answer.txt"], "the answer");
    assert.equal(await done(owner, ["cat", "/project/answer.txt"]), "the answer");
    const listed = JSON.parse(await done(guest, ["shared", "--json"]));
    assert.equal(listed.items.length, 1);
    await done(guest, ["leave", "/theirs"]);
    await eventually("the mount goes", 10_000, async () =>
      (await guest(["ls", "/theirs"])).code === 4 ? true : undefined,
    );
    assert.equal(await done(owner, ["cat", "/project/plan.txt"]), "the plan");
  });

  test("what was given is taken away, and what makes no sense is refused", async () => {
    await done(owner, ["mkdir", "/taken"]);
    await done(owner, ["share", "/taken", "--with", ann.email, "--role", "viewer", "--json"]);
    await done(owner, ["unshare", "/taken", "--with", "Ann@Example.com"]);
    assert.equal((await owner(["unshare", "/taken", "--with", ann.email])).code, 4);
    assert.equal((await owner(["share", "/taken", "--with", ann.email, "--role", "king"])).code, 2);
    assert.equal((await owner(["share", "/missing", "--with", ann.email, "--role", "viewer"])).code, 4);
    assert.equal((await guest(["mount", "nothing"])).code, 4);
  });
});
