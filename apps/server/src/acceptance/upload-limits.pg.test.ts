import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Api, type ApiAnswer, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("upload-limits");
let server: RunningServer;
let admin: Api;
let owner: Api;
let people = 0;

before(async () => {
  // The limit allows a burst of one hour's uploads, which is three.
  server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_UPLOADS: "0.05" } });
  admin = await Api.signIn(server.url);
});
beforeEach(async () => {
  const person = { email: `person${people++}@example.com`, password: "a long password of them" };
  await ok(admin, "POST", "/admin/users", { ...person, name: "Person" });
  owner = await Api.signIn(server.url, person);
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

const assertLimited = ({ status, body }: ApiAnswer) =>
  assert.deepEqual(
    [status, (body as { detail?: string }).detail?.replace(/Try.*/, "")],
    [429, "Too many uploads by this user. "],
  );

const empty = (name: string) => ({ op: "put", operation_id: operationId(), path: `/${name}`, size: 0, blocks: [] });
let operations = 0;
const operationId = () => (operations++).toString(16).padStart(32, "0");

test("the fourth of four uploads in a row is rejected with 429", async () => {
  for (const name of ["one", "two", "three"]) assert.equal((await owner.put(`/${name}`, name)).status, 201);
  assertLimited(await owner.put("/four", "four"));
});

test("each file of a link's form is an upload, and files before the limit are stored", async () => {
  const { id } = await ok(owner, "POST", "/metadata", { path: "/box", kind: "folder" });
  const { url } = await ok(owner, "POST", `/files/${id}/share`, { link: true, role: "uploader" });
  const form = new FormData();
  for (const name of ["1", "2", "3", "4", "5"]) form.append("file", new Blob([name]), name);
  const answer = await fetch(url as string, { method: "POST", body: form, redirect: "manual" });
  assert.equal(answer.status, 429, await answer.text());
  const { items } = await ok(owner, "GET", `/folders/${id}/contents`);
  assert.equal((items as unknown[]).length, 3);
});

test("files of a batch do not count as uploads", async () => {
  await ok(owner, "POST", "/sync/delta", { operations: ["a", "b", "c", "d", "e"].map(empty) });
  assert.equal((await owner.put("/one", "one")).status, 201);
});
