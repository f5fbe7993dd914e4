import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  Api,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  type ServerProcess,
  spawnServer,
  startServer,
} from "./testing.ts";

describe("Account deleted by its owner", () => {
  const folder = makeFolder("leaving");
  const data = `${folder}/data`;
  const env = { HOLDFAST_SNAPSHOT_INTERVAL: "off" };
  let killed: ServerProcess;
  let server: RunningServer;
  before(async () => {
    server = killed = await spawnServer({ dataFolder: data, env });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function leaving(name: string) {
    const account = { email: `${name}@example.com`, password: `the password of ${name}` };
    const admin = await Api.signIn(server.url);
    const { id } = await ok(admin, "POST", "/admin/users", { ...account, name });
    const api = await Api.signIn(server.url, account);
    const { body: file } = await api.put("/file", `a file of ${name}`);
    // Offers to and by the account do not prevent it.
    const { body: gift } = await admin.call("POST", "/metadata", { path: `/for ${name}`, kind: "folder" });
    await ok(admin, "POST", `/files/${gift.id}/transfer`, { email: account.email });
    await ok(api, "POST", `/files/${file.id}/transfer`, { email: "admin@example.com" });
    await ok(api, "DELETE", "/account", { password: account.password });
    return { ...account, id };
  }

  test("is shredded after its waiting time, even after the server was killed, but not before", async () => {
    const [gone, stays] = [await leaving("gone"), await leaving("stays")];
    await queryDatabase(data, `update shard.users set leaving_until = 1 where id = '${gone.id}'`);
    await queryDatabase(
      data,
      `insert into shard.provisioned_accounts (user_id, external_id) values ('${gone.id}', 'e')`,
    );
    await killed.kill();
    server = await startServer({ dataFolder: data, env, port: killed.port, jobsSoon: true });
    const admin = await Api.signIn(server.url);
    await eventually("it is shredded", 300_000, async () => {
      const { status, body } = await admin.call("GET", `/admin/users/${gone.id}/shred`);
      return status === 200 && body.state === "done" ? body : undefined;
    });
    assert.deepEqual(await queryDatabase(data, `select id from shard.users where id = '${gone.id}'`), []);
    assert.deepEqual(await queryDatabase(data, "select from shard.provisioned_accounts"), []);
    const offers = `select id from shard.transfers where '${gone.id}' in (from_id, to_id)`;
    assert.deepEqual(await queryDatabase(data, offers), []);
    const { email, password } = stays;
    const back = await new Api(server.url).call("POST", "/sessions", { email, password, keep_account: true });
    assert.equal(back.status, 200);
    const file = await new Api(server.url, back.body.access_token).download("/file");
    assert.equal(String(file.body), "a file of stays");
  });
});
