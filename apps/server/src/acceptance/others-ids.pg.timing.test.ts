import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import {
  Api,
  type ApiAnswer,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "./testing.ts";

const folder = makeFolder("others-ids");
const rounds = 30;
let server: ServerProcess;
let admin: Api;
let ann: Api;
let bob: Api;

before(async () => {
  server = await spawnServer({ dataFolder: `${folder}/data` });
  admin = await Api.signIn(server.url);
  [ann, bob] = [await join("ann"), await join("bob")];
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

async function join(name: string): Promise<Api> {
  const account = { email: `${name}@example.com`, password: "long enough for it" };
  await ok(admin, "POST", "/admin/users", { ...account, name });
  return Api.signIn(server.url, account);
}

const mkdir = async (api: Api, path: string): Promise<string> =>
  (await ok(api, "POST", "/metadata", { path, kind: "folder" })).id;

/** Answer without its date and its values for a single request. */
function wordsOf({ status, body, headers }: ApiAnswer, asked: string): string {
  const names = [...headers.keys()].filter((name) => !name.startsWith("x-request")).toSorted();
  return JSON.stringify([status, body, names])
    .replaceAll(asked, "ID")
    .replaceAll(/"(instance|request_id)":"[^"]*"/g, "");
}

/** Unknown id at the same place as the other. */
const unknownLike = (id: string) => id.slice(0, 24) + randomUUID().slice(24);

/** Alternates between foreign and unknown ids. Neither words nor timing may differ. */
async function answersAlike(theirs: string, ask: (id: string) => Promise<ApiAnswer>): Promise<void> {
  const tookMs: Record<"theirs" | "none", number[]> = { theirs: [], none: [] };
  for (let round = 0; round < rounds; round += 1) {
    const none = unknownLike(theirs);
    const heard: string[] = [];
    for (const what of round % 2 === 0 ? (["theirs", "none"] as const) : (["none", "theirs"] as const)) {
      const id = what === "theirs" ? theirs : none;
      const startMs = performance.now();
      const answer = await ask(id);
      tookMs[what].push(performance.now() - startMs);
      heard.push(wordsOf(answer, id));
    }
    assert.equal(heard[0], heard[1]);
  }
  const median = (values: number[]) => values.toSorted((left, right) => left - right)[rounds >> 1] ?? 0;
  const [first, second] = [median(tookMs.theirs), median(tookMs.none)];
  // Both alternate, so other load affects both. One more database query is not measurable, but reading a tree is.
  assert.ok(Math.max(first, second) < 3 * Math.min(first, second) + 2, `${first} and ${second} ms`);
}

test("a rewind can only be undone by its account; other accounts get the response for an unknown ID", async () => {
  const id = await mkdir(ann, "/rewound");
  await ann.put("/rewound/file", "first");
  const to = (await ok(ann, "GET", `/files/${id}`)).updated_at;
  const since = new Date(Date.now()).toISOString();
  await ann.call(
    "POST",
    "/files/upload?uploadType=media&path=/rewound/file&on_conflict=replace",
    Buffer.from("second"),
  );
  const done = await ok(ann, "POST", `/files/${id}/rewind`, { to: since > to ? since : to });
  assert.ok(done.rewind_id, JSON.stringify(done));
  await answersAlike(done.rewind_id, (rewind) => bob.call("POST", `/rewinds/${rewind}/undo`));
  assert.equal((await ann.call("POST", `/rewinds/${done.rewind_id}/undo`)).status, 200);
});

test("a notification ID of another account marks nothing as read, and gets the response for an unknown ID", async () => {
  const shared = await mkdir(bob, "/for ann");
  await ok(bob, "POST", `/files/${shared}/share`, { email: "ann@example.com", role: "viewer" });
  const unreadOf = async (api: Api) => (await ok(api, "GET", "/notifications?unread=true")).items as { id: string }[];
  const [notification] = await eventually("Ann is told", 60_000, async () => {
    const items = await unreadOf(ann);
    return items.length > 0 ? items : undefined;
  });
  assert.ok(notification);
  // Bob has a later notification, which marking earlier ones as read leaves unread.
  const back = await mkdir(ann, "/for bob");
  await ok(ann, "POST", `/files/${back}/share`, { email: "bob@example.com", role: "viewer" });
  await eventually("Bob is told", 60_000, async () => (await unreadOf(bob)).length > 0 || undefined);
  const unread = (await unreadOf(bob)).length;
  await answersAlike(notification.id, (up_to) => bob.call("POST", "/notifications/read", { up_to }));
  assert.deepEqual([(await unreadOf(ann)).length, (await unreadOf(bob)).length], [1, unread]);
});

test("an idempotency key of another account acts like an unused one, even in a shared folder", async () => {
  const shared = await mkdir(ann, "/together");
  await ok(ann, "POST", `/files/${shared}/share`, { email: "bob@example.com", role: "editor" });
  const key = randomUUID();
  const made = { parent_id: shared, name: "one", kind: "folder" };
  const mine = await ann.call("POST", "/metadata", made, { headers: { "idempotency-key": key } });
  assert.equal(mine.status, 201);
  const asBob = (each: string, body: unknown) =>
    bob.call("POST", "/metadata", body, { headers: { "idempotency-key": each } });
  // Ann's answer to the same request is stored, but Bob gets "exists".
  await answersAlike(key, (each) => asBob(each, made));
  assert.equal((await asBob(key, made)).body.code, "exists");
  // Another request is not refused as a repetition under its key.
  const other = randomUUID();
  await ann.call("POST", "/metadata", { path: "/of Ann", kind: "folder" }, { headers: { "idempotency-key": other } });
  const own = await asBob(other, { path: "/of Bob", kind: "folder" });
  assert.deepEqual([own.status, own.body.path], [201, "/of Bob"]);
});
