import { randomBytes } from "node:crypto";
import { digestOf } from "@holdfast/server/features/accounts/context/secret-token";
import { Api } from "@holdfast/server/acceptance/testing";
import type { Home, SharingServer } from "./sharing-server.ts";

/** Kind in ids, as a hex digit. Rows of other people are in another bucket than the owner's. */
const kinds = {
  file: "1",
  version: "2",
  user: "3",
  space: "4",
  root: "5",
  token: "6",
  grant: "7",
  mount: "8",
  head: "9",
  folder: "a",
  group: "b",
} as const;
export type Kind = keyof typeof kinds;
const ofPeople: ReadonlySet<Kind> = new Set(["user", "space", "root", "token", "mount", "group"]);

export function idAt({ spaceId }: Home, kind: Kind, n: number): string {
  const bucket = Number.parseInt(spaceId.slice(15, 18), 16) ^ (ofPeople.has(kind) ? 1 : 0);
  const group = `8${bucket.toString(16).padStart(3, "0")}`;
  return `${n.toString(16).padStart(8, "0")}-0000-${group}-8${kinds[kind]}00-000000000000`;
}

/** Returns the same as SQL. @param n SQL expression */
export function idSql(home: Home, kind: Kind, n = "n"): string {
  return `(lpad(to_hex((${n})::int), 8, '0') || '${idAt(home, kind, 0).slice(8)}')::uuid`;
}

/** Inserts files of 100,000 bytes with one version each, as if uploaded a minute apart. */
export async function fillFolder({ fill, home }: SharingServer, folderId: string, count: number): Promise<void> {
  const [file, version] = [idSql(home, "file"), idSql(home, "version")];
  const at = "(extract(epoch from now()) * 1000000)::int8 - 86400000000 + n";
  await fill(`
    insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, created_by, created_at)
    select '${home.spaceId}', ${version}, ${file}, 1, sha256(n::text::bytea), 100000, '', '${home.userId}', ${at}
    from generate_series(1, ${count}) n`);
  await fill(`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, head_version, version_number, content_id, size,
      modified_at, revision, seq, created_at, updated_at)
    select '${home.spaceId}', ${file}, '${folderId}', 'picture ' || n || '.jpg', 'picture ' || n || '.jpg', 'file', ${version}, 1,
      sha256(n::text::bytea), 100000 + n % 1000, ${at}, substr(md5(n::text), 1, 16), 1, ${at}, ${at}
    from generate_series(1, ${count}) n`);
  await fill("analyze");
}

/** Inserts accounts without a password, each with an access token. */
export async function addPeople(world: SharingServer, count: number): Promise<Api[]> {
  const { fill, home, server } = world;
  const [user, space] = [idSql(home, "user"), idSql(home, "space")];
  const [root, token] = [idSql(home, "root"), idSql(home, "token")];
  const tokens = Array.from({ length: count }, (_, index) => {
    const id = idAt(home, "token", index + 1);
    return { id, text: `hfp_${id.replaceAll("-", "")}_${randomBytes(32).toString("base64url")}` };
  });
  const numbers = `generate_series(1, ${count}) n`;
  const like = (table: string, values: string, where: string) => `
    insert into ${table} select (jsonb_populate_record(model, jsonb_build_object(${values}))).*
    from ${table} model, ${numbers} where ${where}`;
  await fill(
    like(
      "shard.users",
      `'id', ${user}, 'email', 'person' || n || '@example.com', 'name', 'Person ' || n, 'admin', false, 'space_id', ${space},
       'root_id', ${root}, 'email_confirmed_at', 1`,
      "model.admin",
    ),
  );
  await fill(`
    insert into shard.directory (email_key, user_id, confirmed, reserved_at)
    select 'person' || n || '@example.com', ${user}, true, 1 from ${numbers}`);
  await fill(
    like(
      "shard.spaces",
      `'id', ${space}, 'owner_id', ${user}, 'root_id', ${root}, 'seq', 0, 'used_bytes', 0`,
      `model.id = '${home.spaceId}'`,
    ),
  );
  await fill(
    like(
      "shard.nodes",
      `'space_id', ${space}, 'id', ${root}`,
      `model.space_id = '${home.spaceId}' and model.id = '${home.rootId}'`,
    ),
  );
  await fill(
    `
    insert into shard.tokens (id, user_id, name, scopes, secret_hash, created_at)
    select ${token}, ${user}, 'bench', '{files:read,files:write,account}', decode(secret, 'hex'), 1
    from unnest(array[${tokens.map(({ text }) => `'${digestOf(text).toString("hex")}'`).join()}]) with ordinality as given (secret, n)`,
  );
  await fill("analyze");
  return tokens.map(({ text }) => new Api(server.url, text));
}

export interface Shared {
  readonly nodeId: string;
  readonly role: "viewer" | "editor";
  /** Number of the first accounts of `addPeople`. */
  readonly people: number;
}

/** Inserts rows as if each account had the role and had mounted the folder in its root. */
export async function shareWithAll({ fill, home }: SharingServer, { nodeId, role, people }: Shared): Promise<void> {
  const [user, space, root] = [idSql(home, "user"), idSql(home, "space"), idSql(home, "root")];
  const [grant, mount] = [idSql(home, "grant"), idSql(home, "mount")];
  const numbers = `generate_series(1, ${people}) n`;
  await fill(`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    select '${home.spaceId}', ${grant}, '${nodeId}', 'user', ${user}, '${role}', '${home.userId}', 1 from ${numbers}`);
  await fill(`
    insert into shard.received (grantee_id, grant_id, space_id, node_id)
    select ${user}, ${grant}, '${home.spaceId}', '${nodeId}' from ${numbers}`);
  await fill(`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, target, target_space, modified_at, revision, seq,
      created_at, updated_at)
    select ${space}, ${mount}, ${root}, 'shared', 'shared', 'mount', '${nodeId}', '${home.spaceId}', 1, 'made', 0, 1, 1
    from ${numbers}`);
  await fill(`update shard.nodes set shared = true where space_id = '${home.spaceId}' and id = '${nodeId}'`);
  await fill("analyze");
}
