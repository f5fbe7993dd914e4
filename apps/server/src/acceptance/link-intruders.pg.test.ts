import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { isLongTier } from "@holdfast/tools/tiers";
import {
  administrator,
  Api,
  type ApiAnswer,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/**
 * Holders of a folder's link or confined app password look for other data of the owner. Every answer is the same as for
 * unknown ids.
 */
for (const what of ["a link", ...(isLongTier ? ["an app password of a folder"] : [])]) {
  describe(`${what} against everything outside its folder`, () => holdOff(what === "a link"));
}

function holdOff(isLink: boolean): void {
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  /** Has the role of an editor, who may call most routes. */
  let link: Api;
  let other: Api;
  let top: string;
  let secret: Secrets;
  let words: readonly string[];

  interface Secrets {
    /** Ids by kind, each of an object outside of the link. */
    readonly nodes: Readonly<Record<string, string>>;
    readonly version: string;
    readonly content: Buffer;
    readonly hash: string;
    readonly upload: string;
    readonly cursor: string;
    readonly recursiveCursor: string;
    readonly changeToken: string;
    readonly snapshotCursor: string;
    readonly key: string;
    readonly signedUrl: string;
  }

  before(async () => {
    folder = makeFolder("link-intruders");
    server = await startServer({ dataFolder: `${folder}/data` });
    owner = await Api.signIn(server.url);
    const mkdir = async (path: string): Promise<string> =>
      (await ok(owner, "POST", "/metadata", { path, kind: "folder", parents: true })).id;
    const makeLink = async (id: string) => {
      if (isLink)
        return new Api(
          server.url,
          (await ok(owner, "POST", `/files/${id}/share`, { link: true, role: "editor" })).token,
        );
      const { email, password } = administrator;
      const request = { name: "a program", scopes: ["files:read", "files:write"], folder_id: id, password };
      const { app_password: made } = await ok(owner, "POST", "/tokens/app-passwords", request);
      return Api.withBasic(server.url, email, made);
    };
    top = await mkdir("/shown");
    await owner.put("/shown/mine.txt", "mine");
    link = await makeLink(top);
    const content = randomBytes(5000);
    const hidden = await mkdir("/hidden name");
    const file = (await owner.put("/hidden name/secret name", content)).body;
    await owner.put("/hidden name/second name", "x");
    const trashed = (await owner.put("/trashed name", "gone")).body.id;
    await ok(owner, "DELETE", `/files/${trashed}`);
    const moved = (await owner.put("/shown/moved name", "was here")).body.id;
    await ok(owner, "PATCH", `/files/${moved}`, { parent_id: hidden });
    const others = await mkdir("/other link");
    const othersFile = (await owner.put("/other link/others name", "others")).body.id;
    other = await makeLink(others);
    const root = (await ok(owner, "GET", "/files/root")).id;
    const upload = await ok(owner, "POST", "/files/upload?uploadType=resumable", {
      name: "up",
      parent_id: hidden,
      size: 6,
    });
    const hash = createHash("sha256").update(content).digest("hex");
    const key = randomBytes(16).toString("hex");
    await owner.call("POST", "/metadata", { path: "/by key", kind: "folder" }, { headers: { "idempotency-key": key } });
    const block = randomBytes(100);
    const signed = { hash: createHash("sha256").update(block).digest("hex"), size: 100 };
    secret = {
      nodes: { hidden, file: file.id, trashed, moved, others, othersFile, root },
      version: file.version_id,
      content,
      hash,
      upload: upload.upload_id,
      cursor: (await ok(owner, "GET", `/folders/${hidden}/contents?limit=1`)).next_cursor,
      recursiveCursor: (await ok(owner, "GET", `/folders/${root}/contents?limit=1&recursive=true`)).next_cursor,
      changeToken: (await ok(owner, "GET", "/changes/start_token")).token,
      snapshotCursor: (await ok(owner, "GET", "/changes/snapshot")).next_cursor ?? "",
      key,
      signedUrl: (await ok(owner, "POST", "/blocks/upload-url", signed)).url,
    };
    words = [
      "hidden name",
      "secret name",
      "second name",
      "trashed name",
      "moved name",
      "others name",
      "other link",
      "by key",
    ];
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const missing = (id: string) => id.slice(0, 24) + randomBytes(6).toString("hex");
  const toldBy = ({ status, headers, body }: ApiAnswer, asked: string) => {
    const text = Buffer.isBuffer(body) ? body.toString("latin1") : JSON.stringify({ ...body, request_id: "" });
    const names = [...headers.keys()].filter((name) => name !== "date").toSorted();
    return JSON.stringify([status, text.replaceAll(asked, "ASKED"), names, headers.get("content-length")]);
  };
  const assertSilent = ({ status, body }: ApiAnswer, what: string, asked = "-") => {
    const text = (Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body)).replaceAll(asked, "");
    for (const word of [...words, ...Object.values(secret.nodes)])
      assert.ok(!text.includes(word), `${what} (${status}) tells ${word}: ${text}`);
  };

  test("responds alike to IDs of other nodes and IDs that do not exist", async () => {
    const calls: readonly ((id: string) => [string, string, unknown?])[] = [
      (id) => ["GET", `/files/${id}`],
      (id) => ["PATCH", `/files/${id}`, { name: "stolen" }],
      (id) => ["PATCH", `/files/${id}`, { parent_id: top }],
      (id) => ["DELETE", `/files/${id}`],
      (id) => ["POST", `/files/${id}/copy`, { parent_id: top, name: "stolen" }],
      (id) => ["GET", `/folders/${id}/contents`],
      (id) => ["GET", `/folders/${id}/contents?recursive=true`],
      (id) => ["GET", `/files/${id}/download`],
      (id) => ["HEAD", `/files/${id}/download`],
      (id) => ["GET", `/files/${id}/manifest`],
      (id) => ["GET", `/files/${id}/versions`],
      (id) => ["POST", `/files/${id}/restore?version=1`],
      (id) => ["POST", `/trash/${id}/restore`, {}],
      (id) => ["POST", "/nodes/query", { ids: [id] }],
      (id) => ["POST", "/metadata", { parent_id: id, name: "stolen", kind: "folder" }],
      (id) => ["POST", "/files/upload?uploadType=resumable", { name: "x", parent_id: id, size: 1 }],
      (id) => ["POST", "/files/upload?uploadType=resumable", { file_id: id, size: 1 }],
      (id) => ["POST", "/blocks/query", { hashes: [secret.hash], into: id }],
      (id) => ["POST", "/blocks/upload-url", { hash: secret.hash, size: 5000, into: id }],
      (id) => ["POST", `/files/${id}/sync`, { current_version: secret.version, new_block_hashes: [] }],
    ];
    for (const [name, id] of Object.entries(secret.nodes)) {
      for (const call of calls) {
        const ask = async (asked: string) => {
          const [method, path, json] = call(asked);
          const answer = await link.call(method, path, json);
          return { what: `${method} ${path} of ${name}`, answer, told: toldBy(answer, asked) };
        };
        const { what, answer, told } = await ask(id);
        // The link may have known it, because it was in the folder before.
        if (name === "moved" && what.includes("/nodes/query")) continue;
        assert.equal(told, (await ask(missing(id))).told, what);
        assertSilent(answer, what, id);
      }
    }
  });

  test("batch operations on other nodes fail like those on missing nodes", async () => {
    const operations = (id: string) => [
      { op: "move", file_id: id, parent_id: top, name: "stolen" },
      { op: "copy", file_id: id, parent_id: top, name: "stolen" },
      { op: "mkdir", parent_id: id, name: "planted" },
      { op: "delete", file_id: id },
      { op: "set", file_id: id, executable: true },
      { op: "restore", file_id: id, parent_id: top },
    ];
    for (const [name, id] of Object.entries(secret.nodes)) {
      const run = async (asked: string) => {
        const sent = operations(asked).map((each) =>
          Object.assign(each, { operation_id: randomBytes(16).toString("hex") }),
        );
        const { results } = await ok(link, "POST", "/sync/delta", { operations: sent });
        return results.map((result: Record<string, unknown>) =>
          JSON.stringify({ ...result, operation_id: "" }).replaceAll(asked, "ASKED"),
        );
      };
      assert.deepEqual(await run(id), await run(missing(id)), name);
    }
  });

  test("hashes of other content are unknown, and naming them does not give access to it", async () => {
    const { hash, version, content } = secret;
    assert.deepEqual((await ok(link, "POST", "/blocks/query", { hashes: [hash], into: top })).have, []);
    const named = await ok(link, "POST", "/blocks/query", { hashes: [hash], into: top, version_ids: [version] });
    assert.deepEqual(named.have, []);
    const frame = async (item: object) => {
      const { status, body } = await link.call("POST", "/blocks/fetch", { items: [item] });
      return [status, Buffer.from(body).length];
    };
    const nowhere = createHash("sha256").update("nothing").digest("hex");
    const bytes = async (item: object) => {
      const { body } = await link.call("POST", "/blocks/fetch", { items: [item] });
      return Buffer.isBuffer(body) ? body.includes(content.subarray(0, 100)) : false;
    };
    for (const item of [{ hashes: [hash] }, { version_id: version, hashes: [hash] }]) {
      assert.equal(await bytes(item), false);
      assert.deepEqual(await frame(item), await frame({ ...item, hashes: [nowhere] }));
    }
    const put = {
      op: "put",
      parent_id: top,
      name: "stolen",
      size: content.length,
      blocks: [{ hash, size: content.length }],
    };
    for (const extra of [{}, { source_version: version }]) {
      const operation = { ...put, ...extra, operation_id: randomBytes(16).toString("hex") };
      const [result] = (await ok(link, "POST", "/sync/delta", { operations: [operation] })).results;
      assert.notEqual(result.status, "committed", JSON.stringify(result));
    }
    const manifests = await link.call("POST", "/manifests", { version_ids: [version] });
    assert.ok(!JSON.stringify(manifests.body).includes(hash));
  });

  test("a block is never sent as a patch against a block that the link cannot read", async () => {
    const near = Buffer.concat([secret.content, randomBytes(6000)]);
    const [hash, nowhere] = [near, randomBytes(1)].map((bytes) => createHash("sha256").update(bytes).digest("hex"));
    const { version_id } = (await owner.put("/shown/near", near)).body;
    const fetched = async (base = "") => {
      const items = [{ version_id, hashes: [hash], bases: { [hash ?? ""]: base } }];
      const { status, body } = await link.call("POST", "/blocks/fetch", { items });
      assert.equal(status, 200, JSON.stringify(body));
      return body as Buffer;
    };
    const whole = await fetched(nowhere);
    assert.ok(whole.includes(near));
    assert.deepEqual(await fetched(secret.hash), whole);
  });

  test("other callers' cursors, tokens, uploads and idempotency keys give no access", async () => {
    const { cursor, recursiveCursor, changeToken, snapshotCursor, upload, key } = secret;
    for (const path of [
      `/folders/root/contents?cursor=${encodeURIComponent(cursor)}`,
      `/folders/root/contents?recursive=true&cursor=${encodeURIComponent(recursiveCursor)}`,
      `/changes/list?since_token=${encodeURIComponent(changeToken)}`,
      ...(snapshotCursor === "" ? [] : [`/changes/snapshot?cursor=${encodeURIComponent(snapshotCursor)}`]),
      `/upload/${upload}`,
    ]) {
      const answer = await link.call("GET", path);
      assertSilent(answer, path);
    }
    const atPath = async (path: string) =>
      toldBy(await link.call("GET", `/metadata?path=${encodeURIComponent(path)}`), path);
    assert.equal(await atPath("/hidden name"), await atPath("/nowhere too"));
    assert.equal((await link.call("GET", `/upload/${upload}`)).status, 404);
    assert.equal((await link.call("PUT", `/upload/${upload}`, undefined, { body: "abcdef" })).status, 404);
    assert.equal((await link.call("DELETE", `/upload/${upload}`)).status, 404);
    const same = { path: "/by key", kind: "folder" };
    const made = await link.call("POST", "/metadata", same, { headers: { "idempotency-key": key } });
    assert.equal(made.status, 201, "the owner's key is the owner's");
    assert.equal(made.body.parent_id, top);
    const ofOther = (await ok(other, "GET", "/changes/start_token")).token;
    assertSilent(
      await link.call("GET", `/changes/list?since_token=${encodeURIComponent(ofOther)}`),
      "another link's token",
    );
  });

  if (!isLink) return;

  test("its pages respond alike for nodes outside the link and IDs that do not exist", async () => {
    const page = (path: string) => fetch(`${server.url}/s/${link.token}${path}`);
    // Only pages include a script, so pages and downloads have different error texts.
    for (const kind of ["/files/", "?in="]) {
      const told = new Set<string>();
      for (const id of [...Object.values(secret.nodes), missing(top), "nonsense"]) {
        const answer = await page(`${kind}${id}`);
        const text = await answer.text();
        told.add(JSON.stringify([answer.status, text, answer.headers.get("content-length")]));
        for (const word of words) assert.ok(!text.includes(word), `${kind}${id} tells ${word}`);
      }
      assert.equal(told.size, 1, [...told].join("\n"));
    }
  });
}
