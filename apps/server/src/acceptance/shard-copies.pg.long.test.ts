import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bucketOf, type UserId } from "@holdfast/core/ids";
import { administrator, eventually, holdfast, makeFolder, ok, removeFolder } from "./testing.ts";
import { startOnTwoShards, type TwoShards } from "./two-shards.ts";

let scene: TwoShards;
before(async () => {
  scene = await startOnTwoShards("shard-copies");
});
after(() => scene.stop());

test("a former member whose shard lost the removal from a group loses access by renewed epochs", async () => {
  const { admin } = scene;
  const { id: owner } = await ok(admin, "GET", "/account");
  const mine = bucketOf(owner as UserId) < 2048 ? "low" : "high";
  const other = mine === "low" ? "high" : "low";
  const member = await scene.personOn(other);
  const { id: group } = await ok(admin, "POST", "/groups", { name: "Choir" });
  for (const id of [owner, member.id]) await ok(admin, "PUT", `/groups/${group}/members/${id}`, { role: "member" });
  const { id: folder } = await ok(admin, "POST", "/metadata", { path: "/scores", kind: "folder" });
  await ok(admin, "POST", `/files/${folder}/share`, { group_id: group, role: "viewer" });
  const status = async () => (await member.api.call("GET", `/files/${folder}`)).status;
  assert.equal(await status(), 200);
  const old = (await scene.query(`select * from shard.memberships where user_id = '${member.id}'`))[other][0];
  await ok(admin, "DELETE", `/groups/${group}/members/${member.id}`);
  assert.equal(await status(), 404);
  await eventually("the removal's message is done", 60_000, async () => {
    const messages = await scene.query("select from shard.messages where kind = 'group_membership'");
    return messages[mine].length === 0 ? true : undefined;
  });
  await scene.query(
    `update shard.memberships set role = 'member', change = ${old.change} where user_id = '${member.id}'`,
  );
  assert.equal(await status(), 200, "the loss gives the access back");
  const home = makeFolder("shard-copies-home");
  const command = (args: readonly string[], input = "") =>
    holdfast(args, { env: { HOME: home, XDG_CONFIG_HOME: join(home, "config") }, input });
  const { email, password } = administrator;
  const login = ["login", scene.server.url, "--email", email, "--password-stdin"];
  assert.equal((await command(login, `${password}\n`)).code, 0);
  const renew = async (...options: string[]) =>
    (await command(["admin", "shards", "renew-epochs", other, ...options])).stdout;
  assert.match(await renew("--dry-run"), /^would repair differences between shards: group memberships \(1\)$/m);
  assert.equal(await status(), 200);
  assert.match(await renew(), /^repaired differences between shards: group memberships \(1\)$/m);
  assert.equal(await status(), 404);
  assert.doesNotMatch(await renew(), /repaired/);
  removeFolder(home);
});
