import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";
import { longTest } from "@holdfast/tools/tiers";

const folder = makeFolder("running-downloads");
/** More than connections buffer. */
const content = randomBytes(40 * 1024 * 1024);
let server: RunningServer;
let admin: Api;
let owner: Api;
let group: string;
let top: string;
let file: { id: string; version_id: string };
let hashes: string[];
let people = 0;

before(async () => {
  server = await startServer({ dataFolder: `${folder}/data` });
  admin = await Api.signIn(server.url);
  owner = (await join()).api;
  top = (await ok(owner, "POST", "/metadata", { path: "/top", kind: "folder" })).id;
  file = (await owner.put("/top/large", content)).body;
  hashes = (await ok(owner, "GET", `/files/${file.id}/manifest`)).blocks.map(({ hash }: { hash: string }) => hash);
  group = (await ok(admin, "POST", "/groups", { name: "readers" })).id;
  const { id } = await ok(owner, "GET", "/account");
  await ok(admin, "PUT", `/groups/${group}/members/${id}`, { role: "member" });
  await ok(owner, "POST", `/files/${top}/share`, { group_id: group, role: "viewer" });
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

interface Person {
  readonly api: Api;
  readonly id: string;
}

async function join(): Promise<Person> {
  people += 1;
  const account = { email: `person${people}@example.com`, password: "long enough for it" };
  const { id } = await ok(admin, "POST", "/admin/users", account);
  return { api: await Api.signIn(server.url, account), id };
}

const ask = ({ token }: Api, path: string, body?: unknown) =>
  fetch(`${server.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });

const begins: Record<string, (person: Person) => Promise<Response>> = {
  "a file": ({ api }) => ask(api, `/files/${file.id}/download`),
  "a folder as a zip": ({ api }) => ask(api, `/files/${top}/download`),
  blocks: ({ api }) => ask(api, "/blocks/fetch", { items: [{ version_id: file.version_id, hashes }] }),
  "a file by a signed address": async ({ api }) => {
    const { urls } = await ok(api, "POST", "/signed-urls", { items: [{ id: file.id, use: "download" }] });
    return fetch(urls[0].url);
  },
};

const share = async ({ id }: Person) =>
  (await ok(owner, "POST", `/files/${top}/share`, { user_id: id, role: "viewer" })).id;
const enter = (person: Person) => ok(admin, "PUT", `/groups/${group}/members/${person.id}`, { role: "member" });

const ends: Record<string, (person: Person) => Promise<() => Promise<unknown>>> = {
  "the permission is removed": async (person) => {
    const id = await share(person);
    return () => ok(owner, "DELETE", `/permissions/${id}`);
  },
  "the role is lowered to uploader": async (person) => {
    const id = await share(person);
    return () => ok(owner, "PATCH", `/permissions/${id}`, { role: "uploader" });
  },
  "the group is left": async (person) => {
    await enter(person);
    return () => ok(admin, "DELETE", `/groups/${group}/members/${person.id}`);
  },
  "the session ends": async (person) => {
    await share(person);
    return () => ok(person.api, "DELETE", "/sessions/current");
  },
};

async function finish(running: Response, meanwhile: () => Promise<unknown>): Promise<number> {
  assert.equal(running.status, 200);
  const reader = running.body?.getReader();
  assert.ok(reader !== undefined);
  let receivedBytes = (await reader.read()).value?.length ?? 0;
  await meanwhile();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return receivedBytes;
      receivedBytes += value.length;
    }
  } catch {
    return receivedBytes;
  }
}

/** Kinds that read files in different ways. */
const testOfKind = (what: string) => (["a file", "a folder as a zip"].includes(what) ? test : longTest);

/** The gate runs a diagonal: each kind of download, and each way to lose the right, once. */
const testOf = (kind: number, way: number, ways: object) => (way === kind % Object.keys(ways).length ? test : longTest);

for (const [kind, [what, begin]] of Object.entries(begins).entries()) {
  for (const [way, [how, prepare]] of Object.entries(ends).entries()) {
    testOf(
      kind,
      way,
      ends,
    )(`${what} of somebody else's stops coming when ${how}`, async () => {
      const person = await join();
      const end = await prepare(person);
      const receivedBytes = await finish(await begin(person), end);
      assert.ok(receivedBytes < content.length, `${receivedBytes} bytes came`);
    });
  }

  testOfKind(what)(
    `${what} of a shared file completes while its permission lasts, even if another permission ends`,
    async () => {
      const person = await join();
      await enter(person);
      const id = await share(person);
      const receivedBytes = await finish(await begin(person), () => ok(owner, "DELETE", `/permissions/${id}`));
      assert.ok(receivedBytes >= content.length, `${receivedBytes} bytes came`);
    },
  );
}

const takes: Record<string, [take: () => Promise<unknown>, giveBack: () => Promise<unknown>]> = {
  "the file goes to the trash": [
    () => ok(owner, "DELETE", `/files/${file.id}`),
    () => ok(owner, "POST", `/trash/${file.id}/restore`, {}),
  ],
  "the file is moved out": [
    () => ok(owner, "PATCH", `/files/${file.id}`, { parent_id: "root" }),
    () => ok(owner, "PATCH", `/files/${file.id}`, { parent_id: top }),
  ],
  "the folder goes to the trash": [
    () => ok(owner, "DELETE", `/files/${top}`),
    () => ok(owner, "POST", `/trash/${top}/restore`, {}),
  ],
};

const byLink = async (): Promise<Person> => {
  const { token, id } = await ok(owner, "POST", `/files/${top}/share`, { link: true, role: "viewer" });
  return { api: new Api(server.url, token), id };
};

for (const [kind, [what, begin]] of Object.entries(begins).entries()) {
  for (const [way, [how, [take, giveBack]]] of Object.entries(takes).entries()) {
    testOf(
      kind,
      way,
      takes,
    )(`${what} by a link stops coming when ${how}`, async () => {
      const receivedBytes = await finish(await begin(await byLink()), take);
      await giveBack();
      assert.ok(receivedBytes < content.length, `${receivedBytes} bytes came`);
    });
  }

  testOfKind(what)(`${what} by a link completes while the folder is renamed and another link ends`, async () => {
    const other = await byLink();
    const receivedBytes = await finish(await begin(await byLink()), async () => {
      await ok(owner, "PATCH", `/files/${top}`, { name: `renamed for ${what}` });
      await ok(owner, "DELETE", `/permissions/${other.id}`);
    });
    assert.ok(receivedBytes >= content.length, `${receivedBytes} bytes came`);
  });
}

const mkdir = async (path: string) => (await ok(owner, "POST", "/metadata", { path, kind: "folder" })).id as string;

const copyLarge = async (parent: string) =>
  (await ok(owner, "POST", `/files/${file.id}/copy`, { parent_id: parent, name: "large" })).id as string;

/** Folder with a large file, a small file, and more than a page of later folders. The first and the last of these contain a file. */
async function makeTree(name: string) {
  const tree = await mkdir(`/${name}`);
  await copyLarge(tree);
  const beside = (await owner.put(`/${name}/told-beside`, "content of beside")).body.id as string;
  const first = await mkdir(`/${name}/first`);
  const operations = Array.from({ length: 600 }, (_, index) => ({
    op: "mkdir",
    operation_id: randomBytes(16).toString("hex"),
    parent_id: tree,
    name: `between ${index}`,
  }));
  await ok(owner, "POST", "/sync/delta", { operations });
  const last = await mkdir(`/${name}/last`);
  for (const below of ["first", "last"]) await owner.put(`/${name}/${below}/told-${below}`, `content of ${below}`);
  return { tree, beside, first, last };
}

const toldIn = (text: string) =>
  ["beside", "first", "last"].filter((name) => text.includes(`told-${name}`) || text.includes(`content of ${name}`));

/** @returns all received bytes, and true if cut off */
async function readAll(running: Response, meanwhile: () => Promise<unknown>): Promise<{ text: string; cut: boolean }> {
  const pieces: Uint8Array[] = [];
  const reader = running.body?.getReader();
  assert.ok(reader !== undefined);
  pieces.push((await reader.read()).value ?? new Uint8Array());
  await meanwhile();
  const text = () => Buffer.concat(pieces).toString("latin1");
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: text(), cut: false };
      pieces.push(value);
    }
  } catch {
    return { text: text(), cut: true };
  }
}

/** Made once. The first test changes only what its own person may read. */
let made: ReturnType<typeof makeTree> | undefined;

test("a running zip omits folders and files whose permission ended before they were read", async () => {
  const { tree, beside, first, last } = await (made ??= makeTree("zipped"));
  const person = await join();
  await ok(owner, "POST", `/files/${tree}/share`, { user_id: person.id, role: "viewer" });
  const running = await ask(person.api, `/files/${tree}/download`);
  const { text, cut } = await readAll(running, async () => {
    for (const id of [beside, first, last])
      await ok(owner, "POST", `/files/${id}/share`, { user_id: person.id, role: "uploader" });
  });
  assert.deepEqual(toldIn(text), []);
  assert.ok(!cut && text.includes("between 599"), "what may still be read comes, and the zip is whole");
});

longTest("a running zip by a link omits nodes that were trashed or moved out before they were read", async () => {
  const { tree, beside, first, last } = await (made ??= makeTree("zipped"));
  const { token } = await ok(owner, "POST", `/files/${tree}/share`, { link: true, role: "viewer" });
  const { text, cut } = await readAll(await ask(new Api(server.url, token), `/files/${tree}/download`), async () => {
    for (const id of [beside, first]) await ok(owner, "DELETE", `/files/${id}`);
    await ok(owner, "PATCH", `/files/${last}`, { parent_id: "root" });
  });
  assert.deepEqual(toldIn(text), []);
  assert.ok(!cut && text.includes("between 599"), "what may still be read comes, and the zip is whole");
});

test("a running zip is cut in the middle of a file whose permission ends, even if its folder is still shared", async () => {
  const tree = await mkdir("/hidden");
  const large = await copyLarge(tree);
  const person = await join();
  await ok(owner, "POST", `/files/${tree}/share`, { user_id: person.id, role: "viewer" });
  const receivedBytes = await finish(await ask(person.api, `/files/${tree}/download`), () =>
    ok(owner, "POST", `/files/${large}/share`, { user_id: person.id, role: "uploader" }),
  );
  assert.ok(receivedBytes < content.length, `${receivedBytes} bytes came`);
});

longTest("a running zip of a stored list ends when the permission on its last node ends", async () => {
  const tree = await mkdir("/listed");
  const large = await copyLarge(tree);
  const operations = Array.from({ length: limits.zippedNodesInUrlMax + 50 }, (_, index) => ({
    op: "mkdir",
    operation_id: randomBytes(16).toString("hex"),
    path: `/listed/${index}`,
  }));
  const { results } = await ok(owner, "POST", "/sync/delta", { operations });
  const ids: string[] = [large, ...results.map(({ node }: { node: { id: string } }) => node.id)];
  const person = await join();
  await ok(owner, "POST", `/files/${tree}/share`, { user_id: person.id, role: "viewer" });
  const { urls } = await ok(person.api, "POST", "/signed-urls", { ids, use: "zip" });
  const receivedBytes = await finish(await fetch(urls[0].url), () =>
    ok(owner, "POST", `/files/${ids.at(-1)}/share`, { user_id: person.id, role: "uploader" }),
  );
  assert.ok(receivedBytes < content.length, `${receivedBytes} bytes came`);
});
