import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, ok } from "@holdfast/server/acceptance/testing";
import { runHere } from "./testing-run.ts";
import { useSignedIn } from "./testing-signed-in.ts";

const signedIn = useSignedIn("trash");
const { run } = signedIn;

function runAsked(args: readonly string[], meanwhile: (api: Api) => Promise<unknown> = async () => {}) {
  async function* typed() {
    await meanwhile(await Api.signIn(signedIn.server.url));
    yield Buffer.from("y\n");
  }
  return runHere({ HOLDFAST_CONFIG_DIR: `${signedIn.folder}/config` }, args, { typed: typed() });
}

test("trash empty counts the items that trash ls lists with their size, and a folder has no size for scripts either", async () => {
  await run(["mkdir", "/d"]);
  for (const path of ["/d/a", "/d/b", "/c"]) assert.equal((await run(["put", "-", path], "content")).code, 0);
  for (const path of ["/d/a", "/d", "/c"]) assert.equal((await run(["rm", path])).code, 0);
  const listed = (await run(["trash", "ls"])).stdout.trimEnd().split("\n");
  assert.equal(listed.length, 3, "what was deleted by itself, also below a folder that was deleted later");
  assert.match(listed[1] ?? "", /Z +- {2}[-0-9a-f]{36} {2}\/d$/);
  const { stdout, stderr } = await run(["trash", "empty", "--yes"]);
  assert.match(stdout + stderr, /permanently deleted 3 items \(21 B\)/);
});

test("trash empty deletes only the items that were there when it asked", async () => {
  for (const path of ["/one", "/two", "/thesis"]) assert.equal((await run(["put", "-", path], "content")).code, 0);
  for (const path of ["/one", "/two"]) assert.equal((await run(["rm", path])).code, 0);
  const dry = await run(["trash", "empty", "--dry-run"]);
  assert.deepEqual([dry.code, dry.stdout], [0, "would permanently delete 2 items (14 B)\n"]);
  const { code, stdout, stderr } = await runAsked(["trash", "empty"], async (api) =>
    ok(api, "DELETE", `/files/${await api.idOf("/thesis")}`),
  );
  assert.match(stderr, /^Permanently delete 2 items \(14 B\) from the trash\? \(y\/N\) /);
  assert.match(stdout + stderr, /permanently deleted 2 items \(14 B\)\n/);
  assert.equal(code, 0);
  assert.equal((await run(["trash", "restore", "/thesis"])).code, 0);
  const none = await runAsked(["trash", "empty"]);
  assert.deepEqual([none.code, none.stdout, none.stderr], [0, "The trash is empty.\n", ""]);
});

test("rm --permanent of a folder keeps it if another device adds something while it asks", async () => {
  assert.equal((await run(["mkdir", "/album"])).code, 0);
  const { code, stderr } = await runAsked(["rm", "--permanent", "/album"], (api) =>
    ok(api, "POST", "/metadata", { path: "/album/new", kind: "folder" }),
  );
  assert.match(stderr, /Another device has changed something in this folder/);
  assert.equal(code, 5);
  assert.equal((await run(["ls", "/album"])).stdout, "new/\n");
  assert.equal((await runAsked(["rm", "--permanent", "/album"])).code, 0);
});
