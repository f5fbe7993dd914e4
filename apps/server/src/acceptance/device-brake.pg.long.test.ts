import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Api, eventually, holdfast, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

const waitMs = 60_000;
const filesCount = 520;

interface Device {
  readonly api: Api;
  readonly id: string;
}

describe("Suspended device", () => {
  const folder = makeFolder("device-brake");
  const dataFolder = `${folder}/data`;
  let server: RunningServer;
  let admin: Api;
  let owner: Device;
  let editor: Device;
  let files: string[];

  before(async () => {
    server = await startServer({ dataFolder });
    admin = await Api.signIn(server.url);
    for (const name of ["owner", "editor"]) await ok(admin, "POST", "/admin/users", accountOf(name));
    [owner, editor] = [await signIn("owner"), await signIn("editor")];
    const { id } = await ok(owner.api, "POST", "/metadata", { path: "/secret name", kind: "folder" });
    files = (await batch(owner, making(id))).map((result) => result.node?.id ?? "");
    await ok(owner.api, "POST", `/files/${id}/share`, { email: accountOf("editor").email, role: "editor" });
    await ok(editor.api, "POST", "/mounts", { node_id: id, name: "theirs" });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const accountOf = (name: string) => ({ email: `${name}@example.com`, password: `the password of ${name}`, name });
  async function signIn(name: string): Promise<Device> {
    const { email, password } = accountOf(name);
    const { body } = await new Api(server.url).call("POST", "/sessions", {
      email,
      password,
      device_name: `pc of ${name}`,
    });
    return { api: new Api(server.url, body.access_token), id: body.device_id };
  }
  type Result = { readonly status: string; readonly code?: string; readonly node?: { readonly id: string } };
  async function batch({ api }: Device, operations: readonly object[]): Promise<Result[]> {
    const numbered = operations.map((each) => ({ operation_id: randomBytes(16).toString("hex"), ...each }));
    return (await ok(api, "POST", "/sync/delta", { operations: numbered })).results;
  }
  const making = (parent_id: string) =>
    Array.from({ length: filesCount }, (_, index) => ({
      op: "put",
      parent_id,
      name: `hidden ${index}`,
      size: 0,
      blocks: [],
    }));
  async function rewriting({ api }: Device): Promise<object[]> {
    const content = randomBytes(100);
    const hash = createHash("sha256").update(content).digest("hex");
    await ok(api, "PUT", `/chunks/${hash}?into=${files[0]}`, undefined, { body: content });
    return files.map((file_id) => ({ op: "put", file_id, size: 100, blocks: [{ hash, size: 100 }] }));
  }
  const done = (results: readonly Result[]) => results.filter(({ status }) => status === "committed").length;
  const suspensionOf = (device: Device, asked: Device) =>
    eventually("the device is suspended", waitMs, async () => {
      const { items } = await ok(asked.api, "GET", "/devices");
      return items.find(({ id }: { id: string }) => id === device.id).suspended ?? undefined;
    });
  const noticesOf = async (api: Api) =>
    (await ok(api, "GET", "/notifications")).items.filter(
      ({ detail }: { detail: { suspended?: true } }) => detail.suspended,
    );
  const noticeTo = (api: Api) => eventually("it is told", waitMs, async () => (await noticesOf(api))[0]);

  test("cannot change anything after rewriting another owner's folder, but reads on, and both are notified", async () => {
    const results = await batch(editor, await rewriting(editor));
    assert.equal(done(results), 499);
    assert.deepEqual(new Set(results.slice(499).map(({ code }) => code)), new Set(["device_suspended"]));
    const other = await signIn("editor");
    const suspension = await suspensionOf(editor, other);
    assert.equal(suspension.command, undefined, "only who owns the folder brings it back");

    for (const [method, path, body] of [
      ["POST", "/metadata", { path: "/own", kind: "folder" }],
      ["DELETE", `/files/${files[0]}`, undefined],
      ["PATCH", `/files/${files[0]}`, { name: "renamed" }],
      ["POST", "/tokens", { name: "way out", scopes: ["files:write"] }],
    ] as const) {
      const { status, body: said } = await editor.api.call(method, path, body);
      assert.deepEqual([status, said.code], [403, "device_suspended"], `${method} ${path}`);
    }
    assert.match((await editor.api.call("POST", "/metadata", { path: "/own", kind: "folder" })).body.since, /^2\d{3}-/);
    assert.equal((await editor.api.call("GET", `/files/${files[0]}/download`)).status, 200);
    assert.equal((await other.api.call("POST", "/metadata", { path: "/own", kind: "folder" })).status, 201);

    const mine = await noticeTo(other.api);
    assert.deepEqual([mine.kind, mine.detail.name, mine.detail.command], ["device", "pc of editor", undefined]);
    const owners = await noticeTo(owner.api);
    assert.equal(owners.detail.command, `holdfast rewind / --to ${suspension.moment}`);
    assert.equal(owners.detail.account.email, accountOf("editor").email);
    const administrators = await noticeTo(admin);
    assert.deepEqual(Object.keys(administrators.detail.account).toSorted(), ["email", "id"]);
    assert.doesNotMatch(JSON.stringify(administrators), /secret name|hidden|rewind|pc of/);

    assert.equal((await editor.api.call("POST", `/devices/${editor.id}/resume`)).status, 403);
    assert.equal((await owner.api.call("POST", `/devices/${editor.id}/resume`)).status, 404);
    const { token } = await ok(other.api, "POST", "/tokens", {
      name: "files alone",
      scopes: ["files:read", "files:write"],
    });
    assert.equal((await new Api(server.url, token).call("POST", `/devices/${editor.id}/resume`)).status, 403);
    assert.equal((await other.api.call("POST", `/admin/devices/${editor.id}/resume`)).status, 403);
    const released = await holdfast(["admin", "devices", "resume", editor.id, "--data", dataFolder]);
    assert.equal(released.code, 0, released.stderr);
    assert.equal(done(await batch(editor, await rewriting(editor))), filesCount, "for an hour it is not counted");
  });

  test("can rewind its own space, and signing it out ends the suspension", async () => {
    const { id } = await ok(owner.api, "POST", "/metadata", { path: "/own", kind: "folder" });
    const shared = files;
    files = (await batch(owner, making(id))).map((result) => result.node?.id ?? "");
    const taken = await signIn("owner");
    const deletions = [...files, ...shared.slice(0, 10)].map((file_id) => ({ op: "delete", file_id }));
    // Out of 1,043: the root, two folders and their content.
    assert.equal(done(await batch(taken, deletions)), 521);
    const again = await signIn("owner");
    const { moment, reason, command } = await suspensionOf(taken, again);
    const link = await ok(again.api, "POST", `/files/${shared.at(-1)}/share`, { link: true, role: "viewer" });
    for (const [method, path, body] of [
      ["POST", `/files/${shared.at(-1)}/transfer`, { email: accountOf("editor").email }],
      ["POST", `/files/${shared.at(-1)}/share`, { link: true, role: "editor" }],
      ["PATCH", `/permissions/${link.id}`, { role: "editor" }],
      ["POST", `/permissions/${link.id}/link`, undefined],
      ["DELETE", `/devices/${again.id}`, undefined],
      ["DELETE", "/devices?keep=current", undefined],
    ] as const) {
      const { status, body: said } = await taken.api.call(method, path, body);
      assert.deepEqual([status, said.code], [403, "device_suspended"], `${method} ${path}`);
    }
    assert.deepEqual([reason, command], ["deleted", `holdfast rewind / --to ${moment}`]);
    const { root_id } = await ok(taken.api, "GET", "/account");
    const rewound = await ok(taken.api, "POST", `/files/${root_id}/rewind`, { to: moment });
    assert.equal(rewound.restored ?? (await jobOf(taken.api, rewound.job)).restored, 521);
    await ok(again.api, "DELETE", `/devices/${taken.id}`);
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^suspended_devices 0$/m);
  });

  const jobOf = (api: Api, job: string) =>
    eventually("the rewind ends", waitMs, async () => {
      const { state, result } = await ok(api, "GET", `/jobs/${job}`);
      return state === "done" ? result : undefined;
    });

  test("can change files again when the brake is off", async () => {
    const { id } = await ok(owner.api, "POST", "/metadata", { path: "/off", kind: "folder" });
    files = (await batch(owner, making(id))).map((result) => result.node?.id ?? "");
    await ok(owner.api, "DELETE", `/files/${await owner.api.idOf("/own")}`);
    await ok(owner.api, "DELETE", `/files/${await owner.api.idOf("/secret name")}`);
    const stopped = await signIn("owner");
    assert.equal(done(await batch(stopped, await rewriting(stopped))), 499);
    await suspensionOf(stopped, owner);
    await server.stop();
    server = await startServer({ dataFolder, port: server.port, env: { HOLDFAST_DEVICE_BRAKE: "off" } });
    assert.equal(done(await batch(stopped, await rewriting(stopped))), filesCount);
  });
});
