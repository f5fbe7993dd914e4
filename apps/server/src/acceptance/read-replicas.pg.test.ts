import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startTestPair, type TestPair } from "../base/db/replicas/testing-standby.ts";
import { newPerson, type Person } from "./new-person.ts";
import {
  administrator,
  Api,
  eventually,
  holdfast,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

interface Listed {
  readonly name: string;
}

describe("A server with a read replica", () => {
  let folder: string;
  let pair: TestPair;
  let server: RunningServer;
  let owner: Person;
  let guest: Person;
  let top: string;

  before(async () => {
    folder = makeFolder("read-replicas");
    pair = await startTestPair({ fsync: true });
    const everything = [[0, 4095]];
    const topology = {
      shards: [{ id: "main", buckets: everything, replica_urls: pair.standbys.map(({ url }) => url) }],
      cells: [{ id: "main", buckets: everything, store: `${folder}/store` }],
    };
    server = await startServer({
      dataFolder: `${folder}/data`,
      args: ["--database-url", pair.url],
      env: {
        HOLDFAST_TOPOLOGY: JSON.stringify(topology),
        HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      },
    });
    const admin = await Api.signIn(server.url);
    [owner, guest] = [await newPerson(admin), await newPerson(admin)];
    top = await mkdir("/shared");
    await share(top);
    await ok(guest.api, "POST", "/mounts", { node_id: top });
  });
  after(async () => {
    await server?.stop();
    await pair?.stop();
    removeFolder(folder);
  });

  const mkdir = async (path: string) =>
    (await ok(owner.api, "POST", "/metadata", { path, kind: "folder" })).id as string;
  const share = (id: string) => ok(owner.api, "POST", `/files/${id}/share`, { email: guest.email, role: "viewer" });
  const shards = async () => {
    const env = { HOME: folder, XDG_CONFIG_HOME: `${folder}/config` };
    const { email, password } = administrator;
    const login = ["login", server.url, "--email", email, "--password-stdin"];
    assert.equal((await holdfast(login, { env, input: `${password}\n` })).code, 0);
    return holdfast(["admin", "shards"], { env });
  };
  const served = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const by = (name: string) =>
      Number(new RegExp(`^database_reads_total.*server="${name}".* (\\d+)$`, "m").exec(text)?.[1]);
    return { primary: by("primary"), replica: by("replica") };
  };
  const names = (page: { items: readonly Listed[] }) => page.items.map(({ name }) => name);

  /** Every answer after a change shows it: to the owner, to a guest, and in the changes since before. */
  const assertCurrent = async (round: string) => {
    const { token } = await ok(owner.api, "GET", "/changes/start_token");
    const { token: guestToken } = await ok(guest.api, "GET", "/changes/start_token");
    const { id } = (await owner.api.put(`/shared/${round}.txt`, round)).body as { id: string };
    const [own, others, changes, guestChanges, found, versions] = await Promise.all([
      ok(owner.api, "GET", `/folders/${top}/contents`),
      ok(guest.api, "GET", `/folders/${top}/contents`),
      ok(owner.api, "GET", `/changes/list?since_token=${token}`),
      ok(guest.api, "GET", `/changes/list?since_token=${guestToken}`),
      ok(owner.api, "GET", `/search?q=${round}`),
      ok(guest.api, "GET", `/files/${id}/versions`),
    ]);
    for (const page of [own, others, found]) assert.ok(names(page).includes(`${round}.txt`), round);
    assert.ok(
      changes.changes.some((change: { id: string }) => change.id === id),
      round,
    );
    assert.ok(
      guestChanges.changes.some((change: { id: string }) => change.id === id),
      round,
    );
    assert.equal(versions.items.length, 1);
    await ok(owner.api, "PATCH", `/files/${id}`, { name: `${round} renamed.txt` });
    assert.ok(names(await ok(guest.api, "GET", `/folders/${top}/contents`)).includes(`${round} renamed.txt`));
    await ok(owner.api, "DELETE", `/files/${id}`);
    assert.equal((await guest.api.call("GET", `/files/${id}`)).status, 404);
  };

  test("every answer shows the changes and rights of the moment, also while replay is paused", async () => {
    const [standby] = pair.standbys;
    for (let round = 0; round < 5; round++) await assertCurrent(`streaming-${round}`);
    assert.match((await shards()).stdout, /main +ok .*\nmain +ok .* read replica\n/);
    await standby?.run("select pg_wal_replay_pause()");
    await assertCurrent("pausing");
    const paused = await served();
    const { code, stdout } = await shards();
    assert.equal(code, 1);
    assert.match(stdout, /main +behind .* read replica, .* behind\n/);
    for (let round = 0; round < 5; round++) await assertCurrent(`paused-${round}`);
    const briefly = await mkdir("/shared briefly");
    const { id: permission } = await share(briefly);
    const statusForGuest = async () => (await guest.api.call("GET", `/folders/${briefly}/contents`)).status;
    assert.equal(await statusForGuest(), 200);
    await ok(owner.api, "DELETE", `/permissions/${permission}`);
    assert.equal(await statusForGuest(), 404);
    assert.equal((await served()).replica, paused.replica);
    await standby?.run("select pg_wal_replay_resume()");
    await eventually("the replica is used again", 60_000, async () => {
      await assertCurrent(`resumed-${randomBytes(4).toString("hex")}`);
      return (await served()).replica > paused.replica ? true : undefined;
    });
  });
});
