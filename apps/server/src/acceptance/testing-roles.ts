import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes } from "@holdfast/protocol/routes";
import { linkRoutes } from "./authorisation-callers.ts";
import { type Case, type Column, columns, roleRows } from "./role-rows.ts";
import { Api, makeFolder, ok, queryDatabase, removeFolder, type RunningServer, startServer } from "./testing.ts";

/**
 * Sends every request to the real server for each role, including roles that have ended.
 * @param part tested pairs of a role and a way to get it. A third covers every role and every way. In that case only the first
 * caller of each role sends every request, and the others send a twelfth of them.
 */
export function describeRoles(part: "all" | "a third"): void {
  describe("Responses of every route by role", () => {
    let folder: string;
    let server: RunningServer;
    let admin: Api;
    let owner: Api;
    let grantee: Api;
    let helper: Api;
    let group: string;
    let cases = 0;
    const asked = new Set<Column>();

    before(async () => {
      folder = makeFolder("roles");
      server = await startServer({ dataFolder: `${folder}/data` });
      admin = await Api.signIn(server.url);
      owner = await join("owner");
      grantee = await join("grantee");
      helper = await join("helper");
      await join("third");
      group = (await ok(admin, "POST", "/groups", { name: "group" })).id;
      await ok(admin, "PUT", `/groups/${group}/members/${(await ok(owner, "GET", "/account")).id}`, { role: "member" });
      await ok(admin, "PUT", `/groups/${group}/members/${(await ok(grantee, "GET", "/account")).id}`, {
        role: "member",
      });
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
    const give = (node: string, role: string, to: object = { email: "grantee@example.com" }) =>
      ok(owner, "POST", `/files/${node}/share`, { ...to, role });

    /** @param given shares the folders before anything goes into the trash */
    const makeCase = async (given: (nodes: { top: string; folder: string }) => Promise<unknown>, by = owner) => {
      const path = `/case ${++cases}/top/folder`;
      const inner = (await ok(by, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
      const top = (await ok(by, "GET", `/files/${inner}`)).parent_id as string;
      await given({ top, folder: inner });
      const content = `the content of case ${cases}`;
      const made: Record<string, { id: string; version_id: string }> = {};
      for (const name of ["file", "doomed", "purged", "trashed", "trashedToo"]) {
        const answer = await by.put(`${path}/${name}`, content);
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
        made[name] = answer.body;
      }
      const ids = Object.fromEntries(Object.entries(made).map(([name, { id }]) => [name, id]));
      for (const name of ["trashed", "trashedToo"]) await ok(by, "DELETE", `/files/${ids[name]}`);
      const comment = (await ok(by, "POST", `/files/${ids["file"]}/comments`, { text: "first" })).id;
      const permission = await ok(by, "POST", `/files/${ids["file"]}/share`, {
        email: "third@example.com",
        role: "viewer",
      });
      const link = await ok(by, "POST", `/files/${ids["file"]}/share`, { link: true, role: "viewer" });
      const place = { parent_id: inner, name: "by the owner", size: 7 };
      const upload = await ok(by, "POST", "/files/upload?uploadType=resumable", place);
      const hash = createHash("sha256").update(content).digest("hex");
      const more = {
        version: made["file"]?.version_id,
        permission: permission.id,
        link: link.id,
        upload: upload.upload_id,
        number: cases,
      };
      return { top, folder: inner, ...ids, ...more, comment, hash } as Case;
    };

    /** Cases after which every request has been sent again. */
    const rounds = 12;
    type Instead = (name: RouteName, column: string) => string | undefined;
    /** @param instead returns the expected answer of a route that differs from the column's */
    const asks = async (api: Api, nodes: Case, column: Column, instead: Instead = () => undefined) => {
      const wrong: string[] = [];
      // The first caller of a column sends every request.
      const asksThis = part === "all" || !asked.has(column) ? undefined : cases % rounds;
      asked.add(column);
      let number = 0;
      for (const [name, rows] of Object.entries(roleRows)) {
        for (const [what, row] of typeof rows === "string" ? [] : Object.entries(rows)) {
          if ((number += 1) % rounds !== (asksThis ?? number % rounds)) continue;
          const ofColumn = row.answers.split(" ")[columns.indexOf(column)] ?? "";
          const expected = instead(name as RouteName, ofColumn) ?? ofColumn;
          const answer = await api.call(...row.request(nodes));
          // The number of webhooks per account is limited.
          if (name === "createWebhook" && answer.status === 201) await ok(api, "DELETE", `/webhooks/${answer.body.id}`);
          const outcome = row.says?.(answer) ?? String(answer.status);
          if (new RegExp(`^(${expected.replaceAll("*", ".")})$`).test(outcome)) continue;
          const { body } = answer;
          const says = Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body);
          wrong.push(`${what}: ${outcome} and not ${expected}: ${answer.status} ${says.slice(0, 200)}`);
        }
      }
      assert.deepEqual(wrong, []);
    };

    test("the owner", async () => asks(owner, await makeCase(async () => {}), "owner"));
    test("another user without a role", async () => asks(grantee, await makeCase(async () => {}), "none"));

    // The first three roles have the same ways, so each way is tried with one of them. The last one has the first way.
    for (const [row, role] of (["editor", "viewer", "uploader", "commenter"] as const).entries()) {
      let number = row;
      const testWay = (title: string, run: () => Promise<void>) => {
        const isChosen = role === "commenter" ? number === row : number % 3 === 0;
        if (part === "all" || isChosen) test(title, run);
        number += 1;
      };
      const inverse = role === "editor" ? "viewer" : "editor";
      const grants: Record<string, (nodes: { top: string; folder: string }) => Promise<unknown>> = {
        "with a grant on the folder": async (nodes) => give(nodes.folder, role),
        "with a grant on the parent folder": async ({ top }) => give(top, role),
        "with a grant to a group": async ({ top }) => give(top, role, { group_id: group }),
        [`with ${inverse} on the parent folder`]: async (nodes) => {
          await give(nodes.top, inverse);
          await give(nodes.folder, role);
        },
        [`in person, while the group is ${inverse}`]: async (nodes) => {
          await give(nodes.folder, inverse, { group_id: group });
          await give(nodes.folder, role);
        },
        [`after a change from ${inverse}`]: async (nodes) => {
          await give(nodes.folder, inverse);
          await give(nodes.folder, role);
        },
        "with a grant by an editor": async ({ top, folder: inner }) => {
          await give(top, "editor", { email: "helper@example.com" });
          await ok(helper, "POST", `/files/${inner}/share`, { email: "grantee@example.com", role });
        },
        "with an expired grant below": async (nodes) => {
          await give(nodes.top, role);
          await expire((await give(nodes.folder, inverse)).id);
        },
      };
      for (const [way, given] of Object.entries(grants)) {
        testWay(`${role} ${way}`, async () => asks(grantee, await makeCase(given), role));
      }

      testWay(`${role} whose grant has expired`, async () => {
        const nodes = await makeCase(async ({ top }) => expire((await give(top, role)).id));
        await asks(grantee, nodes, "none");
      });

      testWay(`${role} whose grant was revoked`, async () => {
        const nodes = await makeCase(async ({ top }) => {
          await ok(owner, "DELETE", `/permissions/${(await give(top, role)).id}`);
        });
        await asks(grantee, nodes, "none");
      });

      testWay(`${role} with a grant by a former editor`, async () => {
        const nodes = await makeCase(async ({ top, folder: inner }) => {
          const { id } = await give(top, "editor", { email: "helper@example.com" });
          await ok(helper, "POST", `/files/${inner}/share`, { email: "grantee@example.com", role });
          await ok(owner, "DELETE", `/permissions/${id}`);
        });
        await asks(grantee, nodes, "none");
      });

      if (role !== "commenter") {
        testWay(`${role} by link`, async () => {
          let token = "";
          const nodes = await makeCase(async ({ top }) => {
            ({ token } = await give(top, role, { link: true }));
          });
          await asks(new Api(server.url, token), nodes, role, (name) => {
            const isForbidden = !linkRoutes.has(name) || (role === "viewer" && accessOf(name) === "files:write");
            return isForbidden ? "403" : undefined;
          });
        });

        testWay(`${role} by an ended link`, async () => {
          let made = { token: "", id: "" };
          const nodes = await makeCase(async ({ top }) => {
            made = await give(top, role, { link: true });
            await ok(owner, "DELETE", `/permissions/${made.id}`);
          });
          await asks(new Api(server.url, made.token), nodes, "none", () => "401");
        });
      }

      testWay(`${role} who has left`, async () => {
        const nodes = await makeCase(async ({ top }) => {
          await ok(grantee, "DELETE", `/permissions/${(await give(top, role)).id}`);
        });
        await asks(grantee, nodes, "none");
      });
    }

    /** Expires the grant. The server has not removed it yet. */
    const expire = async (id: string) => {
      await queryDatabase(`${folder}/data`, `update shard.grants set expires_at = 1 where id = '${id}'`);
    };

    const accessOf = (name: RouteName) => (routes[name] as Route).access;

    /**
     * These also require the scope to read. A webhook reports files. A share, transfer, copy or restore can give others access to files.
     * The answer to a resolved comment contains its text.
     */
    const readsToo: ReadonlySet<RouteName> = new Set([
      ...(["createWebhook", "shareNode", "updatePermission", "readLinkAddress"] as const),
      ...(["transferNode", "copyNode", "restoreFromTrash", "rewind", "resolveComment"] as const),
    ]);

    for (const scope of ["files:read", "files:write", "account"]) {
      test(`an editor and the owner with a token that has only the scope ${scope}`, async () => {
        const nodes = await makeCase(async ({ top }) => give(top, "editor"));
        for (const [api, column] of [
          [grantee, "editor"],
          [owner, "owner"],
        ] as const) {
          const { token } = await ok(api, "POST", "/tokens", { name: scope, scopes: [scope] });
          await asks(new Api(server.url, token), nodes, column, (name, ofColumn) => {
            if (accessOf(name) !== scope || readsToo.has(name)) return "403";
            // The editor's earlier calls have already taken effect.
            return column === "owner" ? `${ofColumn}|200|20*|404|409|exists|308` : undefined;
          });
        }
      });
    }

    test("a former editor who left the group", async () => {
      const { id } = await ok(admin, "POST", "/groups", { name: "left" });
      const [mine, theirs] = [await ok(owner, "GET", "/account"), await ok(grantee, "GET", "/account")];
      for (const who of [mine, theirs]) await ok(admin, "PUT", `/groups/${id}/members/${who.id}`, { role: "member" });
      const nodes = await makeCase(async ({ top }) => give(top, "editor", { group_id: id }));
      assert.equal((await grantee.call("GET", `/files/${nodes.file}`)).status, 200);
      await ok(admin, "DELETE", `/groups/${id}/members/${theirs.id}`);
      await asks(grantee, nodes, "none");
    });

    test("an editor of a suspended owner's folder, and the suspended owner", async () => {
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
}
