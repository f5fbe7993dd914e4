import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { itemsOf, OutsideVisit } from "./outside-visit.ts";
import { Api, eventually, ok } from "./testing.ts";
import { type House, openHouse } from "./ways/house.ts";
import { factorOf, newPerson, type Person } from "./ways/people.ts";

const wanted = "what the owner says now";

describe("New password", () => {
  let house: House;

  before(async () => {
    house = await openHouse("reset-ends-ways");
  });
  after(() => house?.stop());

  const post = (path: string, body: object) => new Api(house.origin).call("POST", path, body);
  const mailsTo = ({ email }: Person) => house.smtp.mails.filter(({ to }) => to.includes(email));
  const told = (person: Person, pattern: RegExp) =>
    eventually(`a mail that says ${pattern}`, 60_000, () => mailsTo(person).some(({ text }) => pattern.test(text)));
  const reset = async (person: Person, ended: object) => {
    await ok(new Api(house.origin), "POST", "/account/password/reset/mail", { email: person.email });
    const token = await eventually("the link", 60_000, () =>
      mailsTo(person)
        .map(({ text }) => /#(hfw_[\w-]+)/.exec(text)?.[1])
        .find((found) => found !== undefined),
    );
    return ok(new Api(house.origin), "POST", "/account/password/reset", { token, new_password: wanted, ...ended });
  };
  const byPasskey = async ({ device }: Person) => {
    const { webauthn } = await ok(new Api(house.origin), "POST", "/sessions/passkey", {});
    return (await post("/sessions", { passkey: device.get(webauthn) })).status;
  };
  const byPassword = ({ email }: Person, more: object = {}) => post("/sessions", { email, password: wanted, ...more });
  const byAdministrator = ({ id }: Person, body: object, by = house.admin) =>
    by.call("PATCH", `/admin/users/${id}`, body);
  const link = async (person: Person, login: string) => {
    const proof = { password: person.password, ...factorOf(person) };
    return (await new OutsideVisit(house.origin).link(person.api, proof, login)).status;
  };
  const allTold = async () => {
    const waiting = "select from shard.messages where kind = 'notification'";
    await eventually("all is told", 60_000, async () => (await house.query(waiting)).length === 0 || undefined);
  };
  const isTold = async (person: Person, secret: string) => {
    const { status, body } = await byPassword(person, {
      device_secret: secret,
      device_name: `of ${secret}`.slice(0, 40),
    });
    assert.equal(status, 200);
    await allTold();
    const { body: watcher } = await byPassword(person, { device_secret: body.device_secret });
    const items = await itemsOf(new Api(house.origin, watcher.access_token), "/notifications");
    return items.some(({ kind, detail }) => kind === "device" && detail.device_id === body.device_id);
  };

  test("withdraws ownership offers made by a session", async () => {
    const [person, receiver] = [await newPerson(house, "none"), await newPerson(house, "none")];
    const thief = new Api(house.origin, (await post("/sessions", person)).body.access_token);
    const { id } = await ok(thief, "POST", "/metadata", { path: "/mine", kind: "folder" });
    const offer = await ok(thief, "POST", `/files/${id}/transfer`, { email: receiver.email });
    await told(person, /becomes its owner by accepting the offer/);
    await reset(person, {});
    assert.equal((await receiver.api.call("POST", `/transfers/${offer.id}/accept`)).status, 404);
    assert.deepEqual(await itemsOf(receiver.api, "/transfers"), []);
  });

  test("by the mailed link keeps passkeys and returns their count, or removes them on request", async () => {
    const person = await newPerson(house, "passkey");
    assert.deepEqual(await reset(person, {}), { email: person.email, passkeys: 1, outside: 0 });
    assert.equal(await byPasskey(person), 200);
    const other = await newPerson(house, "passkey");
    assert.equal(await byPasskey(other), 200);
    assert.deepEqual(await reset(other, { end_passkeys: true }), { email: other.email, passkeys: 0, outside: 0 });
    assert.equal(await byPasskey(other), 401);
    await told(other, /A passkey was removed/);
    // Access to the mailbox alone still does not replace the second factor.
    const asked = await byPassword(other);
    assert.deepEqual([asked.status, asked.body.factors], [401, ["recovery_code"]]);
    assert.equal((await byPassword(other, factorOf(other))).status, 200);
  });

  test("by the mailed link unlinks issuer sign-ins on request, and nothing else", async () => {
    const [person, heir] = [await newPerson(house, "none"), await newPerson(house, "none")];
    assert.equal(await link(person, "thief"), 201);
    assert.equal((await new OutsideVisit(house.origin).signIn("thief")).status, 200);
    assert.deepEqual(await reset(person, { end_outside: true, end_passkeys: true }), {
      email: person.email,
      passkeys: 0,
      outside: 0,
    });
    assert.notEqual((await new OutsideVisit(house.origin).signIn("thief")).status, 200);
    await told(person, /was unlinked/);
    assert.equal(mailsTo(person).filter(({ text }) => /passkey/i.test(text)).length, 0);
    assert.equal((await byPassword(person)).status, 200, "who had no second factor has none");
    assert.equal(await link(heir, "thief"), 201, "it is free at once");
    assert.deepEqual(await reset(heir, {}), { email: heir.email, passkeys: 0, outside: 1 });
  });

  test("by an administrator removes both on request, but only by a session and with the password", async () => {
    const person = await newPerson(house, "passkey");
    assert.equal(await link(person, "administered"), 201);
    for (const field of ["end_passkeys", "end_outside"]) {
      const without = await byAdministrator(person, { [field]: true });
      assert.deepEqual([without.status, without.body.field], [422, field]);
    }
    const both = { password: wanted, end_passkeys: true, end_outside: true };
    const { token } = await ok(house.admin, "POST", "/tokens", { name: "t", scopes: ["admin"] });
    assert.equal((await byAdministrator(person, both, new Api(house.origin, token))).status, 403);
    const { id } = await ok(house.admin, "GET", "/account");
    assert.equal((await byAdministrator({ ...person, id }, both)).status, 403, "the own ones end by themselves");
    assert.equal(await byPasskey(person), 200);
    assert.equal((await byAdministrator(person, both)).status, 200);
    assert.equal(await byPasskey(person), 401);
    assert.notEqual((await new OutsideVisit(house.origin).signIn("administered")).status, 200);
    assert.equal((await byPassword(person)).status, 200, "its second factor was passkeys alone");
    await told(person, /ended your second factor/);
    await told(person, /was unlinked/);
  });

  test("makes known devices unknown, by link and by administrator, but they stay listed", async () => {
    const ways = [
      (person: Person) => reset(person, {}),
      (person: Person) => byAdministrator(person, { password: wanted }),
    ];
    for (const act of ways) {
      const person = await newPerson(house, "none");
      const { email, password } = person;
      const { body: thief } = await post("/sessions", { email, password });
      await act(person);
      assert.equal(await isTold(person, thief.device_secret), true);
      const { body: owner } = await byPassword(person);
      assert.equal(await isTold(person, owner.device_secret), false);
      const listed = await itemsOf(new Api(house.origin, owner.access_token), "/devices");
      assert.ok(listed.some(({ id }) => id === thief.device_id));
    }
  });
});
