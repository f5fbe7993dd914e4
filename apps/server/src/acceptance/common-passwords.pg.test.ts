import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { longTest, testShards } from "@holdfast/tools/tiers";
import {
  Api,
  type ApiAnswer,
  eventually,
  holdfast,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const said = "This password is too easy to guess. Choose another one.";

describe("Common passwords", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    folder = makeFolder("common");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const person = { email: "marianne.weber@example.org", name: "Marianne Weber", password: "a long enough sentence" };
  const weak = ["password", "Sunshine2026!", "marianne", "Weber1999", "holdfast", "Holdfast!1234"];
  const own = ["marianne.weber", "Marianne Weber 7", "Marianne.Weber@example.org", "Marianne.Weber@example.org1!"];
  const refuses = ({ status, body }: ApiAnswer, field: string, what: string) => {
    assert.deepEqual([status, body.code, body.field], [422, "invalid_field", field], what);
    assert.deepEqual([body.reason, body.detail], ["common_password", said], what);
  };

  test("are rejected in accounts by administrators and by invitation, which stays valid", async () => {
    for (const password of [...weak, ...own])
      refuses(await admin.call("POST", "/admin/users", { ...person, password }), "password", password);
    const { token } = await ok(admin, "POST", "/admin/invitations", { email: person.email });
    const open = new Api(server.url);
    const take = (password: string) => open.call("POST", "/accounts", { ...person, password, invite: token });
    for (const password of weak) refuses(await take(password), "password", password);
    assert.equal((await take(person.password)).status, 201);
  });

  test("are rejected in changes by the owner and by administrators, and the old password stays", async () => {
    const api = await Api.signIn(server.url, person);
    const change = (password: string) =>
      api.call("POST", "/account/password", { current_password: person.password, new_password: password });
    for (const password of [...weak, ...own]) refuses(await change(password), "new_password", password);
    const replace = (password: string) => admin.call("PATCH", `/admin/users/${person.email}`, { password });
    for (const password of [...weak, ...own]) refuses(await replace(password), "password", password);
    assert.equal((await api.call("GET", "/account")).status, 200, "no session ended");
    await Api.signIn(server.url, person);
    assert.equal(
      (await change("Marianne keeps long sentences")).status,
      204,
      "an own name within a sentence may stand",
    );
    person.password = "Marianne keeps long sentences";
  });

  test("are rejected with a mailed reset link, which stays valid", async () => {
    await ok(new Api(server.url), "POST", "/account/password/reset/mail", { email: person.email });
    const url: string = await eventually("the link is there", 30_000, async () => {
      const { items } = await ok(admin, "GET", "/admin/unsent-links");
      return items.find((item: { url: string }) => item.url.includes("#hfw_"))?.url;
    });
    const reset = (password: string) =>
      new Api(server.url).call("POST", "/account/password/reset", { token: url.split("#")[1], new_password: password });
    for (const password of weak) refuses(await reset(password), "new_password", password);
    assert.equal((await reset("a sentence that was mailed")).status, 200);
    person.password = "a sentence that was mailed";
  });

  longTest("are rejected by the commands, which report why", async () => {
    const env = { HOME: folder, XDG_CONFIG_HOME: `${folder}/config` };
    const login = ["login", server.url, "--email", person.email, "--password-stdin"];
    assert.equal((await holdfast(login, { env, input: `${person.password}\n` })).code, 0);
    const input = `${person.password}\nSunshine2026!\n`;
    const { code, stderr } = await holdfast(["passwd", "--password-stdin"], { env, input });
    assert.deepEqual([code, stderr.includes(said)], [2, true], stderr);
    await Api.signIn(server.url, person);
    // The command would need the server's HOLDFAST_TOPOLOGY.
    if (testShards > 1) return;
    const reset = ["admin", "users", "reset-password", person.email, "--password-stdin", "--data", `${folder}/data`];
    const beside = await holdfast(reset, { env, input: "Sunshine2026!\n" });
    assert.deepEqual([beside.code, beside.stderr.includes(said)], [2, true], beside.stderr);
    await Api.signIn(server.url, person);
  });

  test("still work if set before the check existed", async () => {
    const { hashPassword } = await import("../features/accounts/passwords/passwords.ts");
    const hash = await hashPassword("password");
    await queryDatabase(
      `${folder}/data`,
      `update shard.users set password_hash = '${hash}' where email = '${person.email}'`,
    );
    const api = await Api.signIn(server.url, { email: person.email, password: "password" });
    assert.equal((await api.call("GET", "/account")).status, 200);
  });
});
