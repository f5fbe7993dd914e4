import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { contentIdOf } from "@holdfast/core/manifest";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import { KeptFiles, type KeptParts } from "./kept-files.ts";
import { readIndex } from "./kept-index.ts";
import { memoryStore } from "./testing-store.ts";

interface ServerFile {
  readonly parentId: string;
  readonly text: string;
  readonly gone?: "not_found" | "trashed" | "uploader";
  readonly role?: "viewer";
}

function makeServer(files: Record<string, ServerFile>) {
  const asked: string[] = [];
  const server = {
    files,
    asked,
    isAway: false,
    breaksAfter: Number.POSITIVE_INFINITY,
    lies: false,
    whileSending: () => {},
  };
  const contentOf = (id: string) => new TextEncoder().encode(server.files[id]?.text ?? "");
  const blocksOf = (id: string) => {
    const bytes = contentOf(id);
    const cuts = [bytes.subarray(0, 5), bytes.subarray(5)].filter(({ length }) => length > 0);
    return cuts.map((block) => ({ hash: sha256(block), size: block.length }));
  };
  const nodeOf = (id: string) => {
    const file = server.files[id];
    if (file === undefined && !id.startsWith("folder")) throw new HoldfastError("not_found", id);
    if (file?.gone === "not_found") throw new HoldfastError("not_found", id);
    return {
      id,
      kind: file === undefined ? "folder" : "file",
      name: id,
      path: `/${id}`,
      size: contentOf(id).length,
      mime_type: "text/plain",
      content_id: file === undefined ? null : contentIdOf(blocksOf(id)),
      trashed_at: file?.gone === "trashed" ? "2026-01-01T00:00:00Z" : null,
      role: file?.gone === "uploader" ? "uploader" : (file?.role ?? "owner"),
      parent_id: file?.parentId ?? null,
    };
  };
  const call = (name: string, { params }: { params: { id: string } }) => {
    asked.push(`${name} ${params.id}`);
    if (server.isAway) throw new HoldfastError("unreachable", "away");
    if (name === "getNode") return nodeOf(params.id);
    if (name === "getManifest") return { version: 1, blocks: blocksOf(params.id) };
    const below = Object.keys(server.files).filter((id) => server.files[id]?.parentId === params.id);
    return { items: below.map((id) => nodeOf(id)), next_cursor: null };
  };
  const open = (_: string, { params, headers }: { params: { id: string }; headers: { range: string } }) => {
    const from = Number(/\d+/.exec(headers.range)?.[0]);
    asked.push(`bytes ${params.id} from ${from}`);
    const all = contentOf(params.id);
    const bytes = (server.lies ? new TextEncoder().encode(new TextDecoder().decode(all).toUpperCase()) : all).subarray(
      from,
    );
    const body = (async function* () {
      for (let at = 0; at < bytes.length; at += 2) {
        if (from + at >= server.breaksAfter) {
          server.breaksAfter = Number.POSITIVE_INFINITY;
          throw new HoldfastError("unreachable", "cut");
        }
        server.whileSending();
        yield bytes.subarray(at, at + 2);
      }
    })();
    return Promise.resolve({ status: 206, header: () => undefined, body });
  };
  const client = {
    call: async (...given: Parameters<typeof call>) => call(...given),
    open,
  } as unknown as KeptParts["client"];
  return Object.assign(server, { client });
}

function makeKept(server: ReturnType<typeof makeServer>, store = memoryStore()) {
  const kept = new KeptFiles({
    client: server.client,
    store,
    hash: (bytes) => Promise.resolve(sha256(bytes)),
    alone: (run) => run(),
    ifAlone: (run) => run(),
    notifyTabs: () => {},
    onChange: () => {},
  });
  const text = async (id: string) => (await kept.open(id))?.text();
  return { kept, store, text };
}

const mark = (id: string, kind: "file" | "folder" = "file") => ({ id, kind, name: id });

test("a marked file is stored byte for byte, and checking it again downloads nothing", async () => {
  const server = makeServer({ a: { parentId: "folder", text: "the words of a" } });
  const { kept, text } = makeKept(server);
  await kept.keep([mark("a")]);
  assert.equal(await text("a"), "the words of a");
  assert.deepEqual([...kept.view.ids], ["a"]);
  server.asked.length = 0;
  await kept.sync();
  assert.deepEqual(server.asked, ["getNode a"]);
});

test("files kept by another tab or an earlier page are available offline", async () => {
  const server = makeServer({ a: { parentId: "folder", text: "words" } });
  const { kept, store } = makeKept(server);
  await kept.keep([mark("a")]);
  server.isAway = true;
  const later = makeKept(server, store);
  await later.kept.read();
  assert.equal(await later.text("a"), "words");
});

test("a kept folder follows its files, and a changed file stays available until it is downloaded again", async () => {
  const server = makeServer({
    a: { parentId: "folder", text: "one" },
    b: { parentId: "folder", text: "two" },
    c: { parentId: "folder-2", text: "elsewhere" },
  });
  const { kept, text, store } = makeKept(server);
  await kept.keep([mark("folder", "folder")]);
  assert.deepEqual([await text("a"), await text("b"), await text("c")], ["one", "two", undefined]);
  const seen: (string | undefined)[] = [];
  server.whileSending = () => void text("a").then((found) => seen.push(found));
  server.files = { a: { parentId: "folder", text: "one, changed" }, d: { parentId: "folder", text: "new" } };
  await kept.sync();
  assert.equal(seen[0], "one");
  assert.deepEqual([await text("a"), await text("b"), await text("d")], ["one, changed", undefined, "new"]);
  assert.equal(store.contents.size, 2, "what nothing names any more is deleted");
});

test("a deleted, trashed or unreadable file is removed with its mark, and others stay", async () => {
  for (const gone of ["not_found", "trashed", "uploader"] as const) {
    const server = makeServer({ a: { parentId: "f", text: "one" }, b: { parentId: "f", text: "two" } });
    const { kept, store, text } = makeKept(server);
    await kept.keep([mark("a"), mark("b")]);
    server.files = { ...server.files, a: { parentId: "f", text: "one", gone } };
    await kept.sync();
    assert.deepEqual([await text("a"), await text("b")], [undefined, "two"], gone);
    assert.deepEqual([...kept.view.ids], ["b"], gone);
    assert.equal(store.contents.size, 1, gone);
  }
});

test("shared files are checked without a change notice, and removed when the share ended", async () => {
  const server = makeServer({ a: { parentId: "f", text: "one" }, b: { parentId: "f", text: "two", role: "viewer" } });
  const { kept, store, text } = makeKept(server);
  await kept.keep([mark("a")]);
  server.asked.length = 0;
  await kept.follow();
  assert.deepEqual(server.asked, [], "of its own files the account hears");
  await kept.keep([mark("b")]);
  server.files = { ...server.files, b: { parentId: "f", text: "two, edited", role: "viewer" } };
  await kept.follow();
  assert.equal(await text("b"), "two, edited");
  server.files = { ...server.files, b: { parentId: "f", text: "two, edited", gone: "not_found" } };
  await kept.follow();
  assert.deepEqual([await text("a"), await text("b"), store.contents.size], ["one", undefined, 1]);
});

test("an unreachable server removes no kept files", async () => {
  const server = makeServer({ a: { parentId: "f", text: "one" } });
  const { kept, text } = makeKept(server);
  await kept.keep([mark("a")]);
  server.isAway = true;
  await kept.sync();
  assert.deepEqual([await text("a"), kept.view.problem], ["one", undefined]);
});

test("an interrupted download resumes after the last stored block", async () => {
  const server = makeServer({ a: { parentId: "f", text: "0123456789" } });
  const { kept, text } = makeKept(server);
  server.breaksAfter = 8;
  await kept.keep([mark("a")]);
  assert.equal(await text("a"), "0123456789");
  assert.deepEqual(
    server.asked.filter((line) => line.startsWith("bytes")),
    ["bytes a from 0", "bytes a from 5"],
  );
});

test("bytes that do not match the file are not kept", async () => {
  const server = makeServer({ a: { parentId: "f", text: "words" }, b: { parentId: "f", text: "12" } });
  const { kept, text } = makeKept(server);
  server.lies = true;
  await kept.keep([mark("a"), mark("b")]);
  assert.deepEqual([await text("a"), await text("b"), kept.view.problem], [undefined, "12", "failed"]);
});

test("a lack of space is reported, and the file is kept once there is space", async () => {
  const server = makeServer({ a: { parentId: "f", text: "words" } });
  const { kept, text, store } = makeKept(server);
  store.freeBytesNow = 1000;
  await kept.keep([mark("a")]);
  assert.deepEqual([await text("a"), kept.view.problem], [undefined, "full"]);
  store.freeBytesNow = 1e12;
  await kept.sync();
  assert.deepEqual([await text("a"), kept.view.problem], ["words", undefined]);
});

test("an unmarked file is deleted, also offline, unless another mark includes it", async () => {
  const server = makeServer({ a: { parentId: "folder", text: "one" }, b: { parentId: "f", text: "two" } });
  const { kept, store, text } = makeKept(server);
  await kept.keep([mark("a"), mark("folder", "folder"), mark("b")]);
  await kept.drop(new Set(["a"]));
  assert.deepEqual([await text("a"), await text("b")], ["one", "two"]);
  server.isAway = true;
  await kept.drop(undefined);
  assert.deepEqual([store.contents.size, kept.view.ids.size], [0, 0]);
});

test("unmarking a file stops its download, and nothing is written after the end", async () => {
  const server = makeServer({ a: { parentId: "f", text: "words" } });
  const { kept, store } = makeKept(server);
  let dropped: Promise<void> | undefined;
  server.whileSending = () => void (dropped ??= kept.drop(new Set(["a"])));
  await kept.keep([mark("a")]);
  await dropped;
  await kept.sync();
  assert.deepEqual([kept.view.files.length, store.contents.size], [0, 0]);
  server.whileSending = () => void kept.end();
  await kept.keep([mark("a")]);
  assert.deepEqual([readIndex(await store.readIndex()).files.length, store.contents.size], [0, 0]);
});

test("a change is relevant if it affects a kept file, its siblings in a kept folder, or a possible parent", async () => {
  const server = makeServer({ a: { parentId: "folder", text: "one" } });
  const { kept } = makeKept(server);
  const change = (id: string, node?: object) =>
    ({ id, seq: 1, kind: node === undefined ? "gone" : "changed", node }) as ChangeJson;
  const file = (parentId: string) => ({ kind: "file", parent_id: parentId, trashed_at: null });
  assert.equal(kept.concerns(change("x")), false, "nothing is kept");
  await kept.keep([mark("folder", "folder")]);
  assert.equal(kept.concerns(change("a", file("folder"))), true);
  assert.equal(kept.concerns(change("new", file("folder"))), true);
  assert.equal(kept.concerns(change("x", file("elsewhere"))), false);
  assert.equal(kept.concerns(change("x", { ...file("elsewhere"), kind: "folder" })), true);
  assert.equal(kept.concerns(change("x")), true, "it may have been a folder above");
});

test("an unreadable index, or one of another release, counts as empty", () => {
  for (const text of ["", "{", "null", "[]", '{"marks":1}'])
    assert.deepEqual(readIndex(text), { marks: [], files: [] });
  const good = { id: "a", kind: "file", name: "a" };
  assert.deepEqual(readIndex(JSON.stringify({ marks: [good, { id: 1 }, null], files: [{ id: "a" }] })), {
    marks: [good],
    files: [],
  });
});
