import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { administrator, Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("clearing-contents");
let server: RunningServer;
before(async () => {
  server = await startServer({ dataFolder: `${folder}/data` });
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

test("a device that must remove its copies can query which contents the account stores, even in old versions or trash", async () => {
  const api = await Api.signIn(server.url);
  const put = async (path: string, text: string): Promise<string> => {
    const { status } = await api.put(path, text, "&on_conflict=replace");
    assert.ok(status === 200 || status === 201);
    return (await ok(api, "GET", `/metadata?path=${path}`)).content_id;
  };
  const older = await put("/file", "older");
  const newest = await put("/file", "newest");
  const trashed = await put("/trashed", "in the trash");
  const purged = await put("/purged", "removed for good");
  await ok(api, "DELETE", `/files/${await api.idOf("/trashed")}`);
  await ok(api, "DELETE", `/files/${await api.idOf("/purged")}?permanent=true`);
  const { email, password } = administrator;
  const lost = await ok(new Api(server.url), "POST", "/sessions", { email, password, device_name: "lost" });
  const asked = { device_secret: lost.device_secret, content_ids: [older, newest, trashed, purged, "ab".repeat(32)] };
  const askAbout = (content_ids: readonly string[]) =>
    new Api(server.url).call("POST", "/devices/clearing/contents", { ...asked, content_ids });
  const ask = () => askAbout(asked.content_ids);
  assert.equal((await ask()).status, 404, "a device that is signed in");
  await ok(api, "DELETE", `/devices/${lost.device_id}?remove_copies=true`);
  const { status, body } = await ask();
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body.known.toSorted(), [older, newest, trashed].toSorted());
  const since = await put("/since", "stored after the order");
  assert.deepEqual((await askAbout([since])).body.known, [], "whoever has the device learns nothing of it");
  const many = Array.from({ length: limits.clearingContentsMax }, (_, number) => String(number).padStart(64, "0"));
  assert.equal(
    (await askAbout([...many.slice(1), newest])).body.known?.length,
    1,
    "as many as a device asks for at once",
  );
  assert.equal((await askAbout([...many, newest])).status, 422);
  await ok(new Api(server.url), "POST", "/devices/clearing/done", {
    device_secret: lost.device_secret,
    removed: 0,
    kept: 0,
  });
  assert.equal((await ask()).status, 404, "a device that has removed its copies");
});

test("a guest who discards blocks in a shared folder cannot detect the owner's content", async () => {
  const owner = await Api.signIn(server.url);
  await owner.put("/salary", "the salary of Ann is 4711", "");
  const { id: inbox } = await ok(owner, "POST", "/metadata", { parent_id: "root", name: "inbox", kind: "folder" });
  const guest = { email: "guest@example.com", password: "a long password of a guest" };
  await ok(owner, "POST", "/admin/users", { ...guest, name: "Guest" });
  await ok(owner, "POST", `/files/${inbox}/share`, { email: guest.email, role: "editor" });
  const { access_token } = await ok(new Api(server.url), "POST", "/sessions", { ...guest, device_name: "t" });
  const answers = await Promise.all(
    ["4710", "4711"].map(async (guess) => {
      const text = `the salary of Ann is ${guess}`;
      const hash = createHash("sha256").update(text).digest("hex");
      const sent = await fetch(`${server.url}/api/v1/chunks/${hash}?into=${inbox}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${access_token}` },
        body: text,
      });
      assert.equal(sent.status, 201);
      return ok(new Api(server.url, access_token), "POST", "/blocks/discard", { hashes: [hash], into: inbox });
    }),
  );
  assert.deepEqual(answers, [
    { discarded: 0, bytes: 0 },
    { discarded: 0, bytes: 0 },
  ]);
});
