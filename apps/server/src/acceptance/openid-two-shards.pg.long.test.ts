import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as openid from "openid-client";
import type { Person } from "./new-person.ts";
import { Api, eventually, ok } from "./testing.ts";
import { askForCode, OpenidBrowser, type OpenidProgram, registerProgram } from "./testing-openid.ts";
import { type ShardName, startOnTwoShards, type TwoShards } from "./two-shards.ts";

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
const scope = "openid offline_access files:read account";

describe("Authorized programs for accounts on two shards", () => {
  let world: TwoShards;

  before(async () => {
    world = await startOnTwoShards("openid-two-shards");
  });
  after(() => world?.stop());

  const statusWith = async (token: string) => (await new Api(world.server.url, token).call("GET", "/account")).status;
  const letIn = async ({ config }: OpenidProgram, { api }: Person) => {
    const { url, verifier } = await askForCode(config, scope);
    const back = await new OpenidBrowser(world.server.url).answer(url, api, { allow: true });
    const again = () => openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    return { tokens: await again(), again };
  };
  const letDeviceIn = async ({ config }: OpenidProgram, { api }: Person) => {
    const started = await openid.initiateDeviceAuthorization(config, { scope });
    await ok(api, "POST", "/account/device-requests/answer", { user_code: started.user_code, allow: true });
    const again = () => openid.genericGrantRequest(config, deviceGrant, { device_code: started.device_code });
    return { tokens: await again(), again };
  };
  const invalid = { error: "invalid_grant" };
  const rowsNaming = async (id: string) => {
    const rows = await world.query(
      `select kind from shard.oauth_artifacts where user_id = '${id}' or token_id::text = '${id}' or payload::text like '%${id}%' order by kind`,
    );
    return { low: rows.low.map(({ kind }) => kind as string), high: rows.high.map(({ kind }) => kind as string) };
  };

  for (const shard of ["low", "high"] satisfies ShardName[]) {
    test(`work, refresh and can be revoked for an account on the ${shard} shard`, async () => {
      const program = await registerProgram(world.admin);
      const person = await world.personOn(shard);
      const { tokens, again } = await letIn(program, person);
      assert.equal(tokens.claims()?.sub, person.id);
      assert.equal(await statusWith(tokens.access_token), 200);
      const next = await openid.refreshTokenGrant(program.config, tokens.refresh_token ?? "");
      assert.equal(await statusWith(next.access_token), 200);
      assert.deepEqual(await rowsNaming(person.id), {
        low: [],
        high: [],
        [shard]: ["AccessToken", "AccessToken", "AuthorizationCode", "RefreshToken", "RefreshToken"],
      });
      assert.equal((await openid.tokenIntrospection(program.config, next.access_token)).active, true);
      const [entry] = (await ok(person.api, "GET", "/account/authorized-programs")).items;
      await ok(person.api, "DELETE", `/account/authorized-programs/${entry.id}`);
      assert.equal(await statusWith(next.access_token), 401);
      await assert.rejects(openid.refreshTokenGrant(program.config, next.refresh_token ?? ""), invalid);
      await assert.rejects(again(), invalid);
      assert.deepEqual(await rowsNaming(entry.id), { low: [], high: [] });
    });

    test(`reused codes and refresh tokens end the grant for an account on the ${shard} shard`, async () => {
      const program = await registerProgram(world.admin);
      const person = await world.personOn(shard);
      for (const way of [letIn, letDeviceIn]) {
        const { tokens, again } = await way(program, person);
        assert.equal(await statusWith(tokens.access_token), 200);
        await assert.rejects(again(), invalid);
        assert.equal(await statusWith(tokens.access_token), 401, way.name);
      }
      const { tokens } = await letDeviceIn(program, person);
      const next = await openid.refreshTokenGrant(program.config, tokens.refresh_token ?? "");
      await assert.rejects(openid.refreshTokenGrant(program.config, tokens.refresh_token ?? ""), invalid);
      assert.equal(await statusWith(next.access_token), 401);
      assert.deepEqual((await ok(person.api, "GET", "/account/authorized-programs")).items, []);
    });

    test(`can revoke themselves, and the command signs in, for an account on the ${shard} shard`, async () => {
      const program = await registerProgram(world.admin, { public: true, redirect_uris: [] });
      const person = await world.personOn(shard);
      const { tokens } = await letDeviceIn(program, person);
      assert.equal(await statusWith(tokens.access_token), 200);
      const [entry] = (await ok(person.api, "GET", "/account/authorized-programs")).items;
      await openid.tokenRevocation(program.config, tokens.refresh_token ?? "");
      assert.equal(await statusWith(tokens.access_token), 401);
      assert.deepEqual(await rowsNaming(entry.id), { low: [], high: [] });
      const asker = new Api(world.server.url);
      const started = await ok(asker, "POST", "/sessions/device", { device_name: "kitchen" });
      const take = () => asker.call("POST", "/sessions/device/token", { device_code: started.device_code });
      assert.equal((await take()).status, 202);
      await ok(person.api, "POST", "/account/device-requests/answer", { user_code: started.user_code, allow: true });
      const { status, body } = await take();
      assert.deepEqual([status, body.email], [200, person.email]);
      assert.equal(await statusWith(body.access_token), 200);
      assert.equal((await take()).status, 401);
    });

    test(`pending requests no longer name a shredded account of the ${shard} shard`, async () => {
      const program = await registerProgram(world.admin);
      const person = await world.personOn(shard);
      await letIn(program, person);
      await letDeviceIn(program, person);
      const { url } = await askForCode(program.config, scope);
      const browser = new OpenidBrowser(world.server.url);
      const path = `/account/program-requests/${await browser.begin(url)}/answer`;
      assert.equal((await browser.call(person.api, path, { allow: true })).status, 200);
      const asker = new Api(world.server.url);
      const started = await ok(asker, "POST", "/sessions/device", { device_name: "kitchen" });
      await ok(person.api, "POST", "/account/device-requests/answer", { user_code: started.user_code, allow: true });
      const waiting = Object.values(await rowsNaming(person.id)).flat();
      for (const kind of ["AccessToken", "DeviceCode", "DeviceLogin", "Interaction"])
        assert.ok(waiting.includes(kind), `${kind}: ${waiting.join(" ")}`);
      await ok(world.admin, "PATCH", `/admin/users/${person.email}`, { disabled: true });
      await ok(world.admin, "POST", `/admin/users/${person.id}/shred`, {});
      // Its blocks wait for possible uploads of other servers.
      await eventually("its rows are gone", 60_000, async () => {
        const { step } = await ok(world.admin, "GET", `/admin/users/${person.id}/shred`);
        return step === "rights" || step === "rows" ? undefined : true;
      });
      assert.deepEqual(await rowsNaming(person.id), { low: [], high: [] });
    });
  }

  test("end on both shards with their registration", async () => {
    const [program, other] = [await registerProgram(world.admin), await registerProgram(world.admin)];
    const people = [await world.personOn("low"), await world.personOn("high")];
    const granted = [];
    for (const person of people)
      granted.push({ person, here: await letIn(program, person), there: await letIn(other, person) });
    const begun = await askForCode(program.config, scope);
    const browser = new OpenidBrowser(world.server.url);
    const question = await browser.begin(begun.url);
    await ok(world.admin, "DELETE", `/admin/oauth-clients/${program.made.id}`);
    for (const { person, here, there } of granted) {
      assert.equal(await statusWith(here.tokens.access_token), 401);
      await assert.rejects(openid.refreshTokenGrant(program.config, here.tokens.refresh_token ?? ""));
      assert.equal(await statusWith(there.tokens.access_token), 200, "another program goes on");
      const path = `/account/program-requests/${question}/answer`;
      assert.equal((await browser.call(person.api, path, { allow: true })).status, 404);
      const { items } = await ok(person.api, "GET", "/account/authorized-programs");
      assert.deepEqual(
        items.map((each: Record<string, unknown>) => each["client_id"]),
        [other.made.id],
      );
    }
  });
});
