import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { packIdOf, parseHeader } from "../packs/format/pack-format.ts";
import { openFooter, openRecords } from "../packs/format/pack.ts";
import { packKeyOf } from "../packs/format/seal.ts";
import { phonePhoto } from "../features/thumbs/testing-pictures.ts";
import { filesBelow } from "./files-below.ts";
import { findPackFiles } from "./pack-files.ts";
import { openStoredSecrets } from "./stored-secrets.ts";
import {
  Api,
  type ApiAnswer,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "./testing.ts";

export interface MarkedAccount {
  readonly api: Api;
  readonly id: string;
  readonly email: string;
  /** Part of its name, address, every file name and every content. */
  readonly mark: string;
  /** Ids of its nodes, in hex with and without dashes. */
  readonly nodeIds: readonly string[];
  /** Blocks that only this account has. */
  readonly ownHashes: readonly string[];
  readonly sharedId: string;
}

export interface ShredScene {
  readonly data: string;
  server: ServerProcess;
  admin: Api;
  /** Receives the shares, and has a copy of one of them. */
  ben: Api;
  readonly benAccount: { readonly email: string; readonly password: string };
  readOthers(ben?: Api): Promise<unknown>;
  storeKeys(prefix: string): string[];
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function useShredScene(name: string, env: Readonly<Record<string, string>>): Promise<ShredScene> {
  const folder = makeFolder(name);
  const data = `${folder}/data`;
  const server = await spawnServer({ dataFolder: data, env });
  const admin = await Api.signIn(server.url);
  const benAccount = { email: "ben@example.com", password: "the password of ben" };
  await ok(admin, "POST", "/admin/users", { ...benAccount, name: "Ben" });
  const ben = await Api.signIn(server.url, benAccount);
  for (let number = 1; number <= 5; number += 1) await put(ben, `/bens ${number}`, randomBytes(30_000 * number));
  const scene: ShredScene = {
    data,
    server,
    admin,
    ben,
    benAccount,
    readOthers: (by = scene.ben) => readAll(by),
    storeKeys: (prefix) => filesBelow(join(data, "store/objects", prefix)),
    async restart() {
      scene.server = await spawnServer({ dataFolder: data, env, port: scene.server.port });
      scene.admin = await Api.signIn(scene.server.url);
      scene.ben = await Api.signIn(scene.server.url, benAccount);
    },
    async close() {
      await scene.server.stop();
      removeFolder(folder);
    },
  };
  return scene;
}

export async function shredded({ admin }: ShredScene, { id }: MarkedAccount): Promise<ApiAnswer["body"]> {
  await ok(admin, "POST", `/admin/users/${id}/shred`, {});
  return eventually("it is done", 300_000, async () => {
    const now = await ok(admin, "GET", `/admin/users/${id}/shred`);
    return now.state === "done" ? now : undefined;
  });
}

export async function marksIn(data: string, of: MarkedAccount, store = join(data, "store")): Promise<string[]> {
  return [...(await marksInTables(data, of)), ...marksInFiles(data, of), ...(await marksInPacks(data, store, of))];
}

/** Shares with Ben, who copies and mounts the folder. */
export async function fillAccount(scene: ShredScene, name: string): Promise<MarkedAccount> {
  const mark = `zq${name}${randomBytes(5).toString("hex")}`;
  const account = { email: `${mark}@example.com`, password: `the password of ${name}` };
  const { id } = await ok(scene.admin, "POST", "/admin/users", { ...account, name: `Person ${mark}` });
  const api = await Api.signIn(scene.server.url, account);
  const own: Buffer[] = [];
  const mine = async (path: string, content: Buffer) => {
    own.push(content);
    return put(api, path, content);
  };
  const text = (what: string) => Buffer.from(`${what} says ${mark}. `.repeat(2000));
  const mixed = (what: string) => Buffer.concat([Buffer.from(`${mark} ${what}`), randomBytes(50_000)]);
  const folder = await mkdir(api, `/folder ${mark}/inner ${mark}`);
  const file = await mine(`/folder ${mark}/text ${mark}.txt`, text("a text"));
  for (let version = 2; version <= 4; version += 1)
    await mine(`/folder ${mark}/text ${mark}.txt`, text(`version ${version}`));
  await mine(`/${mark}.json`, Buffer.from(JSON.stringify({ mark, list: Array.from({ length: 3000 }, () => mark) })));
  await mine(`/${mark}.docx`, mixed("PK like an office file"));
  const photo = await phonePhoto();
  const picture = await mine(`/${mark}.jpg`, Buffer.concat([photo, Buffer.from(mark)]));
  await mine(`/large ${mark}`, Buffer.concat([mixed("large"), randomBytes(6_000_000)]));
  const gone = await mine(`/gone ${mark}`, mixed("in the trash"));
  await ok(api, "DELETE", `/files/${gone.id}`);
  const purged = await mine(`/purged ${mark}`, mixed("purged"));
  await ok(api, "DELETE", `/files/${purged.id}?permanent=true`);
  const { items, t } = await ok(api, "GET", "/folders/root/contents?fields=row");
  const content = items.find((item: { id: string }) => item.id === picture.id).content_id;
  await ok(api, "GET", `${api.url}/api/v1/thumbs/${content}/s?t=${encodeURIComponent(t)}`);
  await ok(api, "POST", `/files/${file.id}/comments`, { text: `a comment ${mark}` });
  await ok(api, "POST", `/files/${file.id}/share`, { link: true, name: `link ${mark}`, role: "viewer" });
  await ok(api, "POST", "/tokens", { name: `token ${mark}`, scopes: ["files:read"] });
  await beginUpload(api, `/unfinished ${mark}`, mixed("half sent"));
  const sharedId = await share(scene, api, mark);
  const [space] = await queryDatabase(scene.data, `select id from shard.spaces where owner_id = '${id}'`);
  const nodes = await queryDatabase(scene.data, `select id from shard.nodes where space_id = '${space.id}'`);
  const nodeIds = nodes.map((row) => row.id as string);
  const shared = await queryDatabase(
    scene.data,
    `select encode(a.hash, 'hex') as hash from shard.space_blocks a where a.space_id = '${space.id}'
       and not exists (select from shard.space_blocks b where b.hash = a.hash and b.space_id <> a.space_id)`,
  );
  await ok(api, "PATCH", `/files/${folder}`, { name: `renamed ${mark}` });
  return { ...account, api, id, mark, nodeIds, ownHashes: shared.map((row) => row.hash as string), sharedId };
}

async function share(scene: ShredScene, api: Api, mark: string): Promise<string> {
  const { ben } = scene;
  const shared = await mkdir(api, `/shared ${mark}`);
  const copied = await put(api, `/shared ${mark}/for ben ${mark}.bin`, Buffer.from("what both have ".repeat(9000)));
  await put(
    api,
    `/shared ${mark}/note ${mark}.txt`,
    Buffer.from(`only of ${mark} ${randomBytes(2000).toString("hex")}`),
  );
  await ok(api, "POST", `/files/${shared}/share`, {
    email: "ben@example.com",
    role: "editor",
    message: `take ${mark}`,
  });
  await ok(api, "POST", `/files/${shared}/share`, { email: `nobody-${mark}@example.com`, role: "viewer" });
  await ok(ben, "POST", `/files/${copied.id}/copy`, {
    parent_id: "root",
    name: `copy ${randomBytes(3).toString("hex")}`,
  });
  await ok(ben, "POST", "/mounts", { node_id: shared });
  await ok(ben, "POST", `/files/${copied.id}/comments`, { text: "thanks" });
  await ok(ben, "PUT", `/files/${copied.id}/star`);
  const bens = await mkdir(ben, `/bens folder ${randomBytes(3).toString("hex")}`);
  const { id } = await put(ben, `${(await ok(ben, "GET", `/files/${bens}`)).path}/file`, Buffer.from("of ben"));
  await ok(ben, "POST", `/files/${bens}/share`, { email: `${mark}@example.com`, role: "commenter" });
  await ok(api, "POST", `/files/${id}/comments`, { text: `said by ${mark}` });
  return shared;
}

async function beginUpload(api: Api, path: string, content: Buffer): Promise<void> {
  const { upload_id } = await ok(api, "POST", "/files/upload?uploadType=resumable", { path, size: 50_000_000 });
  const piece = await api.call("PUT", `/upload/${upload_id}`, undefined, {
    body: content as unknown as NonNullable<RequestInit["body"]>,
    headers: { "content-range": `bytes 0-${content.length - 1}/50000000` },
  });
  if (piece.status !== 308) throw new Error(JSON.stringify(piece.body));
}

async function mkdir(api: Api, path: string): Promise<string> {
  return (await ok(api, "POST", "/metadata", { path, kind: "folder", parents: true })).id;
}

async function put(api: Api, path: string, content: Buffer) {
  const { status, body } = await api.put(path, content, "&on_conflict=replace");
  if (status >= 300) throw new Error(`put ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Every table as text, with bytes as hex and decoded. Other users' rows may keep the account's id as an actor. */
async function marksInTables(data: string, { mark, nodeIds, id }: MarkedAccount): Promise<string[]> {
  const tables = await queryDatabase(
    data,
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('shard', 'cell') and c.relkind = 'r'`,
  );
  const words = [
    mark,
    Buffer.from(mark).toString("hex"),
    ...nodeIds,
    ...nodeIds.map((each) => each.replaceAll("-", "")),
  ];
  const found: string[] = [];
  for (const { schema, name } of tables) {
    const rows = await queryDatabase(data, `select told::text as text from ${schema}.${name} as told`);
    for (const { text } of rows as { text: string }[]) {
      // The unchangeable audit records actions by id.
      const mayIdentify = name === "audit_entries";
      const word = words.find((each) => text.includes(each) && !(mayIdentify && nodeIds.includes(each as never)));
      if (word !== undefined) found.push(`${schema}.${name} has ${word}: ${text.slice(0, 300)}`);
      const mayName = ["journal", "versions", "events", "operations", "shreddings", "audit_entries"].includes(name);
      if (!mayName && text.includes(id)) found.push(`${schema}.${name} names the account: ${text.slice(0, 300)}`);
    }
  }
  return found;
}

function marksInFiles(data: string, { mark }: MarkedAccount): string[] {
  return filesBelow(data).flatMap((path) => (hasWord(path, mark) ? [`the file ${relative(data, path)} has it`] : []));
}

function hasWord(path: string, word: string): boolean {
  try {
    return readFileSync(path).includes(word);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function marksInPacks(data: string, store: string, { mark, ownHashes }: MarkedAccount): Promise<string[]> {
  const { dataKeys } = await openStoredSecrets(data);
  const own = new Set(ownHashes);
  const found: string[] = [];
  for (const [name, path] of findPackFiles(store)) {
    const packId = packIdOf(Buffer.from(name, "hex"));
    const pack = readFileSync(path);
    const { epoch, footerLength } = parseHeader(pack, pack.length);
    const key = packKeyOf(dataKeys.get(epoch)!, packId);
    const { entries, offsets } = openFooter(pack, pack.subarray(-footerLength), pack.length, { packId, key });
    for (const [index, { hash, codec, sizeBytes }] of entries.entries()) {
      const hex = Buffer.from(hash).toString("hex");
      if (own.has(hex)) found.push(`the pack ${name} has its block ${hex}`);
      const storedSize = (offsets[index + 1] ?? pack.length - footerLength) - offsets[index]!;
      const bytes = new Uint8Array(pack.subarray(offsets[index], offsets[index]! + storedSize));
      const records = [{ index, start: 0, storedSize, codec, sizeBytes }];
      const [plain] = openRecords({ packId, key, bytes, records, plain: true });
      if (plain === undefined) found.push(`the pack ${name} has a record that does not open`);
      else if (Buffer.from(plain).includes(mark)) found.push(`the pack ${name} has a content of it`);
    }
  }
  return found;
}

async function readAll(api: Api): Promise<unknown> {
  const { items } = await ok(api, "GET", "/folders/root/contents?limit=1000");
  const files = items.filter((item: { kind: string }) => item.kind === "file");
  const read = [];
  for (const { id, name, content_id } of files) {
    const bytes = await ok(api, "GET", `/files/${id}/download`);
    read.push([name, content_id, createHash("sha256").update(bytes).digest("hex")]);
  }
  return read;
}
