import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  Api,
  type ApiAnswer,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/** What somebody who has one role, or none, is answered. */
const columns = ["owner", "editor", "commenter", "viewer", "uploader", "none"] as const;
type Column = (typeof columns)[number];

/** The nodes of one case: a folder in a folder, with a file, one that goes, and one in the trash. */
interface Case {
  readonly top: string;
  readonly folder: string;
  readonly file: string;
  readonly doomed: string;
  readonly purged: string;
  readonly trashed: string;
  readonly comment: string;
  readonly hash: string;
}

interface Row {
  readonly request: (nodes: Case) => readonly [method: string, path: string, json?: unknown, init?: RequestInit];
  /** In the order of the columns. */
  readonly answers: string;
  /** What a token that may only read is answered, where it may read all. */
  readonly reading?: boolean;
}

const bytes = (body: string) => ({ body, headers: { "content-type": "application/octet-stream" } });
const block = "a block of somebody's";
const blockHash = createHash("sha256").update(block).digest("hex");
const reads = { answers: "200 200 200 200 404 404", reading: true };
const creates = { answers: "201 201 403 403 201 404" };
const writes = { answers: "200 200 403 403 404 404" };

const rows: Readonly<Record<string, Row>> = {
  "look up a file": { request: ({ file }) => ["GET", `/files/${file}`], ...reads },
  "look up a folder": { request: ({ folder }) => ["GET", `/files/${folder}`], ...reads },
  "list a folder": { request: ({ folder }) => ["GET", `/folders/${folder}/contents`], ...reads },
  "list all below": { request: ({ folder }) => ["GET", `/folders/${folder}/contents?recursive=true`], ...reads },
  download: { request: ({ file }) => ["GET", `/files/${file}/download`], ...reads },
  "read the list of blocks": { request: ({ file }) => ["GET", `/files/${file}/manifest`], ...reads },
  "list versions": { request: ({ file }) => ["GET", `/files/${file}/versions`], ...reads },
  "list comments": { request: ({ file }) => ["GET", `/files/${file}/comments`], ...reads },
  "list permissions": {
    request: ({ file }) => ["GET", `/files/${file}/permissions`],
    answers: "200 200 403 403 404 404",
    reading: true,
  },
  "make a folder": {
    request: ({ folder }) => ["POST", "/metadata", { parent_id: folder, name: "made", kind: "folder" }],
    ...creates,
  },
  upload: {
    request: ({ folder }) => [
      "POST",
      `/files/upload?uploadType=media&parent_id=${folder}&name=uploaded`,
      undefined,
      bytes("uploaded"),
    ],
    ...creates,
  },
  "begin an upload": {
    request: ({ folder }) => [
      "POST",
      "/files/upload?uploadType=resumable",
      { parent_id: folder, name: "in pieces", size: 6 },
    ],
    answers: "200 200 403 403 200 404",
  },
  "send a block": {
    request: ({ folder }) => ["PUT", `/chunks/${blockHash}?into=${folder}`, undefined, bytes(block)],
    answers: "20* 20* 403 403 20* 404",
  },
  "ask for blocks": {
    request: ({ folder }) => ["POST", "/blocks/query", { hashes: [blockHash], into: folder }],
    answers: "200 200 403 403 200 404",
  },
  "write a version": {
    request: ({ file }) => ["POST", `/files/upload?uploadType=media&file_id=${file}`, undefined, bytes("second")],
    ...writes,
  },
  "label a version": { request: ({ file }) => ["PATCH", `/files/${file}/versions/1`, { label: "good" }], ...writes },
  rename: { request: ({ file }) => ["PATCH", `/files/${file}`, { name: "renamed" }], ...writes },
  copy: {
    request: ({ file, folder }) => ["POST", `/files/${file}/copy`, { parent_id: folder, name: "copied" }],
    answers: "201 201 403 403 404 404",
  },
  comment: {
    request: ({ file }) => ["POST", `/files/${file}/comments`, { text: "well" }],
    answers: "201 201 201 403 404 404",
  },
  "resolve a comment": {
    request: ({ comment }) => ["POST", `/comments/${comment}/resolve`, {}],
    answers: "200 200 200 403 404 404",
  },
  "share on": {
    request: ({ file }) => ["POST", `/files/${file}/share`, { email: "third@example.com", role: "viewer" }],
    answers: "201 201 403 403 404 404",
  },
  "share by link": {
    request: ({ file }) => ["POST", `/files/${file}/share`, { link: true, role: "viewer" }],
    answers: "201 201 403 403 404 404",
  },
  "try to rewind": {
    request: ({ folder }) => ["POST", `/files/${folder}/rewind`, { to: new Date().toISOString(), dry_run: true }],
    answers: "200 403 403 403 404 404",
  },
  trash: { request: ({ doomed }) => ["DELETE", `/files/${doomed}`], ...writes },
  restore: {
    request: ({ trashed }) => ["POST", `/trash/${trashed}/restore`, {}],
    answers: "200 200 404 404 404 404",
  },
  purge: { request: ({ purged }) => ["DELETE", `/files/${purged}?permanent=true`], answers: "204 403 403 403 404 404" },
};

/** The real server, asked for everything by each who may something, or no longer. */
describe("what each role is answered", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  let grantee: Api;
  let group: string;
  let cases = 0;

  before(async () => {
    folder = makeFolder("roles");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    owner = await join("owner");
    grantee = await join("grantee");
    await join("third");
    group = (await ok(admin, "POST", "/groups", { name: "group" })).id;
    await ok(admin, "PUT", `/groups/${group}/members/${(await ok(owner, "GET", "/account")).id}`, { role: "member" });
    await ok(admin, "PUT", `/groups/${group}/members/${(await ok(grantee, "GET", "/account")).id}`, { role: "member" });
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const join = async (name: string): Promise<Api> => {
    const account = { email: `${name}@example.com`, password: `the password of ${name}` };
    await ok(admin, "POST", "/admin/users", { ...account, name });
    return Api.signIn(server.url, account);
  };
  const ok = async (api: Api, ...request: Parameters<Api["call"]>): Promise<ApiAnswer["body"]> => {
    const answer = await api.call(...request);
    assert.ok(answer.status < 300, `${request[0]} ${request[1]}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const give = (node: string, role: string, to: object = { email: "grantee@example.com" }) =>
    ok(owner, "POST", `/files/${node}/share`, { ...to, role });

  /** @param given before anything goes into the trash */
  const makeCase = async (given: (nodes: { top: string; folder: string }) => Promise<unknown>, by = owner) => {
    const path = `/case ${++cases}/top/folder`;
    const inner = (await ok(by, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
    const top = (await ok(by, "GET", `/files/${inner}`)).parent_id as string;
    await given({ top, folder: inner });
    const content = `the content of case ${cases}`;
    const [file, doomed, purged, trashed] = await Promise.all(
      ["file", "doomed", "purged", "trashed"].map(async (name) => {
        const made = await by.put(`${path}/${name}`, content);
        assert.equal(made.status, 201, JSON.stringify(made.body));
        return made.body.id as string;
      }),
    );
    await ok(by, "DELETE", `/files/${trashed}`);
    const comment = (await ok(by, "POST", `/files/${file}/comments`, { text: "first" })).id;
    const hash = createHash("sha256").update(content).digest("hex");
    return { top, folder: inner, file, doomed, purged, trashed, comment, hash } as Case;
  };

  /** @param expected of one column unless something else is told for a row */
  const asks = async (api: Api, nodes: Case, column: Column, instead?: (row: Row) => string | undefined) => {
    const wrong: string[] = [];
    for (const [name, row] of Object.entries(rows)) {
      const expected = instead?.(row) ?? row.answers.split(" ")[columns.indexOf(column)] ?? "";
      const answer = await api.call(...row.request(nodes));
      if (new RegExp(`^${expected.replace("*", ".")}$`).test(String(answer.status))) continue;
      const { body } = answer;
      const says = Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body);
      wrong.push(`${name}: ${answer.status} and not ${expected}: ${says.slice(0, 200)}`);
    }
    assert.deepEqual(wrong, []);
  };

  test("the owner", async () => asks(owner, await makeCase(async () => {}), "owner"));
  test("somebody else", async () => asks(grantee, await makeCase(async () => {}), "none"));

  for (const role of ["editor", "commenter", "viewer", "uploader"] as const) {
    const inverse = role === "editor" ? "viewer" : "editor";
    const ways: Record<string, (nodes: { top: string; folder: string }) => Promise<unknown>> = {
      "by a grant of the folder": async (nodes) => give(nodes.folder, role),
      "by a grant of the folder above": async ({ top }) => give(top, role),
      "by a grant to a group": async ({ top }) => give(top, role, { group_id: group }),
      [`lowered or raised from ${inverse} above`]: async (nodes) => {
        await give(nodes.top, inverse);
        await give(nodes.folder, role);
      },
      [`in person where the group is ${inverse}`]: async (nodes) => {
        await give(nodes.folder, inverse, { group_id: group });
        await give(nodes.folder, role);
      },
      [`once ${inverse}, by another grant in its place`]: async (nodes) => {
        await give(nodes.folder, inverse);
        await give(nodes.folder, role);
      },
      [`above what has expired`]: async (nodes) => {
        await give(nodes.top, role);
        await expire((await give(nodes.folder, inverse)).id);
      },
    };
    for (const [way, given] of Object.entries(ways)) {
      test(`${role} ${way}`, async () => asks(grantee, await makeCase(given), role));
    }

    test(`${role} whose grant has expired`, async () => {
      const nodes = await makeCase(async ({ top }) => expire((await give(top, role)).id));
      await asks(grantee, nodes, "none");
    });

    test(`${role} whose grant was revoked`, async () => {
      const nodes = await makeCase(async ({ top }) => {
        await ok(owner, "DELETE", `/permissions/${(await give(top, role)).id}`);
      });
      await asks(grantee, nodes, "none");
    });

    test(`${role} who has left`, async () => {
      const nodes = await makeCase(async ({ top }) => {
        await ok(grantee, "DELETE", `/permissions/${(await give(top, role)).id}`);
      });
      await asks(grantee, nodes, "none");
    });
  }

  /** As if its time had come, before the server has taken it away. */
  const expire = async (id: string) => {
    await queryDatabase(`${folder}/data`, `update shard.grants set expires_at = 1 where id = '${id}'`);
  };

  test("an editor with a token that may only read", async () => {
    const nodes = await makeCase(async ({ top }) => give(top, "editor"));
    const { token } = await ok(grantee, "POST", "/tokens", { name: "reads", scopes: ["files:read"] });
    await asks(new Api(server.url, token), nodes, "editor", (row) => (row.reading === true ? undefined : "403"));
  });

  test("an editor whose group was left", async () => {
    const { id } = await ok(admin, "POST", "/groups", { name: "left" });
    const [mine, theirs] = [await ok(owner, "GET", "/account"), await ok(grantee, "GET", "/account")];
    for (const who of [mine, theirs]) await ok(admin, "PUT", `/groups/${id}/members/${who.id}`, { role: "member" });
    const nodes = await makeCase(async ({ top }) => give(top, "editor", { group_id: id }));
    assert.equal((await grantee.call("GET", `/files/${nodes.file}`)).status, 200);
    await ok(admin, "DELETE", `/groups/${id}/members/${theirs.id}`);
    await asks(grantee, nodes, "none");
  });

  test("an editor of what belongs to somebody who is suspended, and one who is suspended", async () => {
    const away = await join("away");
    const nodes = await makeCase(async ({ top }) => {
      await ok(away, "POST", `/files/${top}/share`, { email: "grantee@example.com", role: "editor" });
    }, away);
    const { id } = await ok(away, "GET", "/account");
    assert.equal((await grantee.call("GET", `/files/${nodes.file}`)).status, 200);
    await ok(admin, "PATCH", `/admin/users/${id}`, { disabled: true });
    await asks(grantee, nodes, "none");
    await asks(away, nodes, "none", () => "401");
  });
});
