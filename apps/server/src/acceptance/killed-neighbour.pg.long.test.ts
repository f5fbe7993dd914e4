import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { Api, eventually } from "./testing.ts";
import { startTwoServers, type TwoServers } from "./two-servers.ts";

/**
 * Far below the lease of 60 s, after which any worker would take the message. An idle machine needs one or two seconds.
 */
const soonMs = 30_000;

/**
 * One of two servers is killed while it works the message about an ended right. A row lock prevents that work from
 * finishing.
 */
describe("Work of a killed server finished by the other", () => {
  const ben = { email: "ben@example.com", password: "the password of ben" };
  let started: TwoServers;
  let client: pg.Client;

  before(async () => {
    started = await startTwoServers("killed-neighbour");
    client = new pg.Client(started.postgres.connection);
    await client.connect();
  });
  after(async () => {
    await client?.end();
    await started?.stop();
  });

  test("a revoked mount is removed within seconds", async () => {
    const [one, two] = started.servers;
    const owner = await Api.signIn(one.url);
    assert.equal((await owner.call("POST", "/admin/users", { ...ben, name: "Ben" })).status, 201);
    const guest = await Api.signIn(two.url, ben);
    const { body: shared } = await owner.call("POST", "/metadata", { path: "/shared", kind: "folder" });
    const { body: permission } = await owner.call("POST", `/files/${shared.id}/share`, {
      email: ben.email,
      role: "viewer",
    });
    const { body: mount } = await guest.call("POST", "/mounts", { node_id: shared.id });
    assert.equal(mount.kind, "mount");
    const idle = async () => (await count("true")) === 0 || undefined;
    await eventually("the queue is empty", 60_000, idle);
    // The removal of the mount waits for Ben's space.
    await client.query("begin");
    await client.query(
      "select from shard.spaces s join shard.users u on u.space_id = s.id where u.email = $1 for update of s",
      [ben.email],
    );
    assert.equal((await owner.call("DELETE", `/permissions/${permission.id}`)).status, 204);
    await eventually("the message is worked", 60_000, async () =>
      (await count("kind = 'grant' and state = 'running'")) === 1 ? true : undefined,
    );
    await one.kill();
    await client.query("rollback");
    const since = performance.now();
    await eventually("the mount is gone", soonMs, async () =>
      (await guest.call("GET", `/files/${mount.id}`)).status === 404 ? true : undefined,
    );
    console.log(`# the mount was gone after ${Math.round(performance.now() - since)} ms`);
    await eventually("the queue is empty", 60_000, idle);
  });

  async function count(where: string): Promise<number> {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from shard.messages where ${where}`,
    );
    return rows[0]?.count ?? 0;
  }
});
