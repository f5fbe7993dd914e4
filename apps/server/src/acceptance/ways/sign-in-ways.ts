import assert from "node:assert/strict";
import { OutsideVisit } from "../outside-visit.ts";
import { Api, type ApiAnswer, eventually, ok } from "../testing.ts";
import { type Attempt, from, given, type Preparation } from "./attempt.ts";
import { factorOf, type Person } from "./people.ts";
import type { PlainWay } from "./ways.ts";

export const signInWays = {
  "password and app": async (person) => {
    // Confirming the app used up the present code.
    const next = () => person.totp?.generate({ timestamp: Date.now() + 30_000 });
    return byPassword(person, () => ({ totp: next() }));
  },
  "password and recovery code": async (person) => byPassword(person, () => factorOf(person)),
  "password and passkey": async (person) => {
    return async (address) => {
      const asked = await post(person, address, "/sessions", nameAndPassword(person));
      const passkey = person.device.get(asked.body.webauthn);
      return session(person, await post(person, address, "/sessions", { ...nameAndPassword(person), passkey }));
    };
  },
  "password alone": async (person) => byPassword(person),
  "passkey alone": async (person) => {
    const { device } = person;
    return async (address) => {
      const { webauthn } = (await post(person, address, "/sessions/passkey", {})).body;
      // Without user verification a passkey is only one factor. The refusal gives no details.
      const weak = await post(person, address, "/sessions", { passkey: device.get(webauthn, { unverified: true }) });
      assert.deepEqual([weak.status, weak.body.code], [401, "unauthenticated"]);
      return session(person, await post(person, address, "/sessions", { passkey: device.get(webauthn) }));
    };
  },
  "browser's password and factor": async (person) => byPassword(person, () => factorOf(person), "/sessions/web"),
  "browser's password alone": async (person) => byPassword(person, () => ({}), "/sessions/web"),
  "issuer and factor": async (person) => byIssuer(person, { withFactor: true }),
  "issuer alone": async (person) => byIssuer(person, { withFactor: false }),
  "issuer that vouches for a factor": async (person) => byIssuer(person, { withFactor: false, vouches: true }),
} satisfies Partial<Record<PlainWay, Preparation>>;

export const ldapWays = {
  "LDAP password and factor": async (person) => byPassword(person, () => factorOf(person)),
  "LDAP password alone": async (person) => byPassword(person),
} satisfies Partial<Record<PlainWay, Preparation>>;

/** Tried on separate accounts, because the new password ends everything that was issued before. */
export const resetWays = {
  "mailed reset and factor": async (person) => byMail(person, () => factorOf(person)),
  "mailed reset alone": async (person) => byMail(person, () => ({})),
} satisfies Partial<Record<PlainWay, Preparation>>;

const nameAndPassword = ({ email, password }: Person) => ({ email, password });

function post({ house }: Person, address: string, path: string, body: object): Promise<ApiAnswer> {
  const page = from(address, { origin: house.origin });
  return new Api(house.server.url).call("POST", path, body, page);
}

function session({ house }: Person, answer: ApiAnswer) {
  return given(house.server.url, answer);
}

function byPassword(person: Person, factor: () => object = () => ({}), path = "/sessions"): Attempt {
  return async (address) =>
    session(person, await post(person, address, path, { ...nameAndPassword(person), ...factor() }));
}

/** Links the account to a user of the issuer. If the issuer vouches, it also reports a second factor. */
async function byIssuer(
  person: Person,
  { withFactor, vouches = false }: { withFactor: boolean; vouches?: boolean },
): Promise<Attempt> {
  const { house, api } = person;
  const login = `${person.id}-${withFactor}-${vouches}`;
  const proof = { password: person.password, ...factorOf(person) };
  const linked = await new OutsideVisit(house.origin).link(api, proof, login);
  assert.equal(linked.status, 201, JSON.stringify(linked.body));
  if (vouches) await house.issuer.setClaims(login, { amr: ["mfa"] });
  return async (address) => {
    const factor = withFactor ? factorOf(person) : {};
    return session(person, await new OutsideVisit(house.origin, address).signIn(login, factor));
  };
}

async function byMail(person: Person, factor: () => object): Promise<Attempt> {
  const { house, email } = person;
  await ok(new Api(house.server.url), "POST", "/account/password/reset/mail", { email });
  const token = await eventually("the mail with the token", 60_000, () => {
    const mails = house.smtp.mails.filter(({ to }) => to.includes(email));
    return mails.map(({ text }) => /#(hfw_[\w-]+)/.exec(text)?.[1]).find((found) => found !== undefined);
  });
  return async (address) => {
    const password = "what the person says now";
    const reset = await post(person, address, "/account/password/reset", { token, new_password: password });
    if (reset.status !== 200) return `${reset.status} ${reset.body.code}`;
    return session(person, await post(person, address, "/sessions", { email, password, ...factor() }));
  };
}
