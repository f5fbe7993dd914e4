import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import type { TransportRequest } from "@holdfast/api-client/transport";
import { formatTime } from "@holdfast/core/times";
import type { NodeJson } from "@holdfast/protocol/values";
import { Folders, type OpenFolder } from "./folders.ts";
import { Live } from "./live.ts";
import { readFirstPage } from "./load-folder.ts";
import { Overlay } from "./overlay.ts";
import { compareBy, type SortOrder } from "./row-order.ts";
import { rowOf } from "./row.ts";
import { type TestAnswer, testBrowser, testClient } from "./testing.ts";

function idOf(name: string): string {
  return `0198c5a0-1234-8abc-9def-${Buffer.from(name).toString("hex").padStart(12, "0")}`;
}

class Server {
  readonly nodes = new Map<string, NodeJson>();
  readonly journal: { seq: number; kind: string; id: string; node?: NodeJson }[] = [];
  pageRows = 1000;
  isReachable = true;
  mayStart: Promise<void> = Promise.resolve();
  listings: string[] = [];
  resets = 0;
  cutListings = 0;
  gates: (Promise<void> | undefined)[] = [];
  #wake = Promise.withResolvers<void>();

  readonly answer = async ({ path, signal }: TransportRequest): Promise<TestAnswer> => {
    const url = new URL(path, "http://server");
    const query = Object.fromEntries(url.searchParams);
    if (!this.isReachable) return "cut";
    const since = Number(query["since_token"]);
    if (url.pathname.endsWith("start_token")) await this.mayStart;
    if (url.pathname.endsWith("start_token")) return { status: 200, json: { token: String(this.journal.length) } };
    if (url.pathname.endsWith("changes/list")) {
      const changes = this.journal.slice(since);
      return { status: 200, json: { changes, next_token: String(this.journal.length), has_more: false, epoch: "e" } };
    }
    if (url.pathname.endsWith("poll")) return this.#poll(since, signal);
    if (this.cutListings > 0) {
      this.cutListings -= 1;
      return "cut";
    }
    this.listings.push(`${url.pathname.split("/").at(-2)} ${query["sort"]} ${query["cursor"] ?? ""}`.trim());
    const given = this.#page(url.pathname.split("/").at(-2) ?? "", query);
    await this.gates.shift();
    return { status: 200, json: given };
  };

  put(name: string, parent: string, more: Partial<NodeJson> = {}): void {
    const [id, parentId] = [idOf(name), idOf(parent)];
    const seq = this.journal.length + 1;
    const time = formatTime(seq * 1000);
    const created = this.nodes.get(id)?.created_at ?? time;
    const node: NodeJson = {
      id,
      kind: "file",
      name,
      parent_id: parentId,
      path: `/${name}`,
      size: 0,
      version: 1,
      version_id: null,
      content_id: null,
      revision: `r${seq}`,
      seq,
      mime_type: null,
      modified_at: time,
      created_at: created,
      updated_at: time,
      executable: false,
      trashed_at: null,
      role: "owner",
      shared: false,
      ...more,
    };
    this.nodes.set(id, node);
    this.#deliver({ seq, kind: "changed", id, node });
  }

  remove(name: string): void {
    const id = idOf(name);
    this.nodes.delete(id);
    this.#deliver({ seq: this.journal.length + 1, kind: "gone", id });
  }

  /** Restores another history, whose changes the journal cannot report. */
  restore(name: string, parent: string): void {
    this.put(name, parent);
    this.journal.length = 0;
    this.resets += 1;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #deliver(entry: (typeof this.journal)[number]): void {
    this.journal.push(entry);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async #poll(since: number, signal: AbortSignal | undefined): Promise<TestAnswer> {
    signal?.addEventListener("abort", () => this.#wake.resolve());
    if (this.journal.length === since && this.resets === 0) await this.#wake.promise;
    if (this.resets > 0) {
      this.resets -= 1;
      return { status: 410, json: { code: "reset", detail: "Begin again." } };
    }
    return { status: 200, json: { event_type: "file_update", timestamp: "", changes: true } };
  }

  #page(parentId: string, { sort, cursor = "0", limit = "1000" }: Record<string, string>) {
    const compare = compareBy(sort as SortOrder);
    const all = [...this.nodes.values()].filter((node) => node.parent_id === parentId);
    const sorted = all.toSorted((left, right) => compare(rowOf(left), rowOf(right)));
    const end = Number(cursor) + Math.min(this.pageRows, Number(limit));
    const total = cursor === "0" ? { total: all.length } : {};
    return {
      items: sorted.slice(Number(cursor), end),
      next_cursor: end < all.length ? String(end) : null,
      t: "tag",
      ...total,
    };
  }
}

function opened(t: TestContext, keptRowsMax = 1000) {
  const server = new Server();
  const client = testClient(server.answer, fixedToken("t"));
  const forever = (_: number, signal: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  const live = new Live({ client, tabs: testBrowser()(), nowMs: () => 0, jitter: () => 0, wait: forever });
  const overlay = new Overlay();
  const folders = new Folders({ client, live, overlay, keptRowsMax });
  live.start();
  t.after(() => {
    live.stop();
    folders.clear();
  });
  return { server, client, folders, overlay, live };
}

const shown = ({ index }: OpenFolder) =>
  Array.from({ length: index.getSnapshot().total }, (_, at) => index.rowAt(at)?.name).join(" ");

async function shows(folder: OpenFolder, names: string): Promise<void> {
  for (let turn = 0; turn < 1000 && shown(folder) !== names; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(shown(folder), names);
}

test("a folder shows its rows and other users' creations, renames, moves and deletions", async (t) => {
  const { server, folders } = opened(t);
  for (const name of ["a", "b", "c"]) server.put(name, "f");
  server.put("x", "g");
  const folder = folders.get(idOf("f"), "natural");
  folder.keep();
  await shows(folder, "a b c");
  assert.equal(folder.index.thumbTag, "tag");
  server.put("d", "f");
  await shows(folder, "a b c d");
  server.put("a", "f", { name: "z" });
  await shows(folder, "b c d z");
  server.put("b", "g");
  server.put("x", "f");
  server.remove("c");
  await shows(folder, "d x z");
  assert.deepEqual(server.listings, [`${idOf("f")} natural`]);
});

test("early rows show before the start token is known, and changes between the two are found", async (t) => {
  const { server, client, folders } = opened(t);
  const start = Promise.withResolvers<void>();
  server.mayStart = start.promise;
  for (const name of ["a", "b"]) server.put(name, "f");
  const folder = folders.get(idOf("f"), "natural", readFirstPage(client, idOf("f"), "natural"));
  await shows(folder, "a b");
  server.remove("a");
  server.put("c", "f");
  start.resolve();
  await shows(folder, "b c");
  server.put("d", "f");
  await shows(folder, "b c d");
});

test("unchanged early rows are read again, and a failed early page is read normally", async (t) => {
  const { server, client, folders } = opened(t);
  for (const name of ["a", "b"]) server.put(name, "f");
  server.put("x", "g");
  await shows(folders.get(idOf("f"), "natural", readFirstPage(client, idOf("f"), "natural")), "a b");
  await shows(folders.get(idOf("g"), "natural", Promise.reject(new Error("cut"))), "x");
  assert.deepEqual(server.listings, [`${idOf("f")} natural`, `${idOf("f")} natural`, `${idOf("g")} natural`]);
});

test("a long folder is read from both ends, and each page only once", async (t) => {
  const { server, folders } = opened(t);
  server.pageRows = 3;
  const names = Array.from({ length: 20 }, (_, at) => String(at));
  for (const name of names) server.put(name, "f");
  const folder = folders.get(idOf("f"), "natural");
  await shows(folder, names.join(" "));
  assert.deepEqual(folder.index.getSnapshot(), { total: 20, isComplete: true, waitingCount: 0 });
  assert.equal(new Set(server.listings).size, server.listings.length);
  assert.ok(server.listings.length <= 8, server.listings.join(", "));
});

test("prefetching reads the first page, opening reads the rest, and a canceled prefetch reads nothing", async (t) => {
  const { server, folders, live } = opened(t);
  server.pageRows = 3;
  for (const name of ["a", "b", "c", "d", "e"]) server.put(name, "f");
  await live.ready();
  folders.prefetch(idOf("f"), "natural");
  const folder = folders.get(idOf("f"), "natural");
  await shows(folder, "a b c d e");
  assert.equal(new Set(server.listings).size, server.listings.length, "no page is read twice");
  server.listings = [];
  server.put("x", "g");
  folders.prefetch(idOf("g"), "natural")();
  const other = folders.get(idOf("g"), "natural");
  await shows(other, "x");
  assert.deepEqual(
    server.listings.filter((listing) => listing.startsWith(idOf("g"))),
    [`${idOf("g")} natural`],
    "what was left before it was asked for is asked for once, when it is opened",
  );
});

test("a folder that cannot be read reports the failure, and a retry reads it", async (t) => {
  const { server, folders, live } = opened(t);
  server.put("a", "f");
  await live.ready();
  server.isReachable = false;
  const folder = folders.get(idOf("f"), "natural");
  await new Promise<void>((resolve) => folder.subscribe(resolve));
  assert.equal(folder.failure?.code, "unreachable");
  server.isReachable = true;
  folder.retry();
  await shows(folder, "a");
  assert.equal(folder.failure, undefined);
});

test("cached folders are read again after a restore of the server", async (t) => {
  const { server, folders } = opened(t);
  for (const name of ["a", "b"]) server.put(name, "f");
  const folder = folders.get(idOf("f"), "natural");
  await shows(folder, "a b");
  server.nodes.delete(idOf("a"));
  server.restore("c", "f");
  await shows(folder, "b c");
});

test("the server's answer to an own move shows immediately in both folders", async (t) => {
  const { server, folders } = opened(t);
  for (const name of ["a", "b"]) server.put(name, "f");
  const [from, to] = [folders.get(idOf("f"), "natural"), folders.get(idOf("g"), "natural")];
  await shows(from, "a b");
  await shows(to, "");
  const moved = { ...(server.nodes.get(idOf("a")) as NodeJson), parent_id: idOf("g"), seq: 99 };
  folders.take([moved]);
  assert.deepEqual([shown(from), shown(to)], ["b", "a"]);
});

test("unwatched folders stay cached until there are too many rows, and watched folders are never dropped", async (t) => {
  const { server, folders } = opened(t, 2);
  for (const folder of ["f", "g", "h"]) for (const name of ["1", "2"]) server.put(folder + name, folder);
  const close = ["f", "g", "h"].map((id) => folders.get(idOf(id), "natural").keep());
  for (const id of ["f", "g", "h"]) await shows(folders.get(idOf(id), "natural"), `${id}1 ${id}2`);
  const [f, g] = [folders.get(idOf("f"), "natural"), folders.get(idOf("g"), "natural")];
  folders.get(idOf("h"), "natural");
  close[0]?.();
  close[2]?.();
  assert.equal(folders.get(idOf("g"), "natural"), g, "it is looked at");
  assert.notEqual(folders.get(idOf("f"), "natural"), f, "the one that was left longest ago went");
});

test("stars survive changes, moves and undone deletions, even while the order is held", async (t) => {
  const { server, folders } = opened(t);
  for (const [size, name] of ["a", "b", "c"].entries()) server.put(name, "f", { size, starred: true } as object);
  const [from, to] = [folders.get(idOf("f"), "-size"), folders.get(idOf("g"), "natural")];
  await shows(from, "c b a");
  await shows(to, "");
  // Neither the journal nor answers to actions report stars.
  const answered = (name: string, more: Partial<NodeJson>) => {
    const { starred: _, ...plain } = server.nodes.get(idOf(name)) as NodeJson & { starred?: boolean };
    return { ...plain, ...more };
  };
  const starred = ({ index }: OpenFolder) =>
    Array.from({ length: index.getSnapshot().total }, (_, at) => index.rowAt(at)).flatMap((row) =>
      row?.isStarred === true ? row.name : [],
    );
  folders.take([answered("a", { name: "z", seq: 9 })]);
  assert.deepEqual([shown(from), starred(from)], ["c b z", ["c", "b", "z"]]);
  folders.take(["b", "c"].map((name) => answered(name, { seq: 10, trashed_at: "2026-01-01T00:00:00Z" })));
  assert.equal(shown(from), "z");
  folders.star(new Set([idOf("c")]), false);
  from.index.hold();
  folders.take([answered("b", { seq: 11 }), answered("c", { seq: 11 })]);
  assert.deepEqual([shown(from), starred(from)], ["c b z", ["b", "z"]]);
  folders.take([answered("b", { parent_id: idOf("g"), seq: 12 })]);
  assert.deepEqual([shown(to), starred(to)], ["b", ["b"]]);
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("a retry after an interrupted reread of the early page reads the whole folder", async (t) => {
  const { server, client, folders } = opened(t);
  const start = Promise.withResolvers<void>();
  server.mayStart = start.promise;
  for (const name of ["a", "b"]) server.put(name, "f");
  const folder = folders.get(idOf("f"), "natural", readFirstPage(client, idOf("f"), "natural"));
  await shows(folder, "a b");
  server.put("c", "f");
  server.cutListings = 1;
  start.resolve();
  await settle();
  assert.equal(folder.failure?.code, "unreachable");
  folder.retry();
  folders.retryFailed();
  folders.get(idOf("f"), "natural");
  await settle();
  await shows(folder, "a b c");
});

test("a retry after an interrupted reread reads the whole folder", async (t) => {
  const { server, folders } = opened(t);
  for (const name of ["a", "b"]) server.put(name, "f");
  const folder = folders.get(idOf("f"), "natural");
  await shows(folder, "a b");
  server.nodes.delete(idOf("a"));
  server.cutListings = 1;
  server.restore("c", "f");
  await settle();
  assert.equal(folder.failure?.code, "unreachable");
  folder.retry();
  folders.retryFailed();
  await settle();
  await shows(folder, "b c");
});

test("a change that arrives during a reread is not dropped by the older answer", async (t) => {
  const { server, folders } = opened(t);
  for (const name of ["a", "b"]) server.put(name, "f");
  const folder = folders.get(idOf("f"), "natural");
  await shows(folder, "a b");
  const gate = Promise.withResolvers<void>();
  server.gates = [gate.promise];
  server.nodes.delete(idOf("a"));
  server.restore("c", "f");
  await settle();
  server.put("d", "f", { seq: 1000 });
  await settle();
  gate.resolve();
  await settle();
  await shows(folder, "b c d");
});

test("an own file created during a reread stays", async (t) => {
  const { server, client, folders } = opened(t);
  const start = Promise.withResolvers<void>();
  server.mayStart = start.promise;
  for (const name of ["a", "b"]) server.put(name, "f");
  const folder = folders.get(idOf("f"), "natural", readFirstPage(client, idOf("f"), "natural"));
  await shows(folder, "a b");
  server.put("c", "f");
  // The third listing is the reread.
  const gate = Promise.withResolvers<void>();
  server.gates = [undefined, gate.promise];
  start.resolve();
  await settle();
  folders.take([
    { ...(server.nodes.get(idOf("a")) as NodeJson), id: idOf("own"), name: "own", seq: 500, parent_id: idOf("f") },
  ]);
  await settle();
  gate.resolve();
  await settle();
  await shows(folder, "a b c own");
});

test("after a restore to an older history a row matches the server's current state", async (t) => {
  const { server, folders } = opened(t);
  for (const name of ["a", "b"]) server.put(name, "f");
  server.put("a", "f", { name: "z" });
  const folder = folders.get(idOf("f"), "natural");
  await shows(folder, "b z");
  // The backup is older than the rename.
  server.nodes.set(idOf("a"), { ...(server.nodes.get(idOf("a")) as NodeJson), name: "a", seq: 1, revision: "r1" });
  server.restore("c", "f");
  await settle();
  await shows(folder, "a b c");
});
