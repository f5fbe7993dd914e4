import { Secret, TOTP } from "otpauth";
import { TestPasskey } from "../../features/accounts/factors/testing-passkey.ts";
import { passwordOf } from "../../features/ldap/testing-slapd.ts";
import { Api, ok } from "../testing.ts";
import { home, type House } from "./house.ts";
import type { Factor, State } from "./ways.ts";

export interface Person {
  readonly house: House;
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly factor: Factor;
  /** Session from before the account had a factor. */
  readonly api: Api;
  /** Undefined without such an app. */
  readonly totp: TOTP | undefined;
  readonly device: TestPasskey;
  /** Each is valid once. */
  readonly codes: string[];
  /** Objects shared by several ways. */
  readonly made: Map<string, Promise<string>>;
}

export function once({ made }: Person, what: string, make: () => Promise<string>): Promise<string> {
  const known = made.get(what) ?? make();
  made.set(what, known);
  return known;
}

export type Home = "here" | "LDAP";

let people = 0;

export async function newPerson(house: House, factor: Factor, where: Home = "here", admin = false): Promise<Person> {
  const name = `person${++people}`;
  const account = { email: `${name}@example.com`, password: where === "LDAP" ? passwordOf(name) : `what ${name} says` };
  // The first sign-in there creates the account.
  if (where === "LDAP") await house.slapd?.person(name);
  else await ok(house.admin, "POST", "/admin/users", { ...account, ...(admin ? { admin } : {}) });
  const api = await Api.signIn(house.server.url, account);
  const { id } = await ok(api, "GET", "/account");
  const enrolled = await enroll(api, house.origin, account.password, factor);
  return { house, ...account, id, factor, api, made: new Map(), ...enrolled };
}

async function enroll(api: Api, origin: string, password: string, factor: Factor) {
  const device = new TestPasskey(origin);
  let totp: TOTP | undefined;
  let codes: string[] = [];
  if (factor === "app" || factor === "app and passkey") {
    const { secret } = await ok(api, "POST", "/account/second-factor", { password });
    totp = new TOTP({ secret: Secret.fromBase32(secret) });
    const confirmed = await ok(api, "POST", "/account/second-factor/confirm", { totp: totp.generate() });
    codes = confirmed.recovery_codes;
  }
  if (factor === "passkey" || factor === "app and passkey") {
    const proof = codes.pop();
    const { webauthn } = await ok(api, "POST", "/account/passkeys", { password, ...(proof && { totp: proof }) });
    const added = { name: "Key", passkey: device.create(webauthn) };
    const confirmed = await ok(api, "POST", "/account/passkeys/confirm", added);
    codes = confirmed.recovery_codes ?? codes;
  }
  return { device, totp, codes };
}

/** Additional proof beside the password, if required. */
export function factorOf({ factor, codes }: Person): { totp?: string } {
  if (factor === "none") return {};
  const totp = codes.pop();
  if (totp === undefined) throw new Error("The recovery codes are used up.");
  return { totp };
}

/** Minimum number afterwards. */
export async function haveCodes(person: Person, count: number): Promise<void> {
  if (person.factor === "none" || person.codes.length >= count) return;
  const proof = { password: person.password, ...factorOf(person) };
  const renewed = await ok(person.api, "POST", "/account/second-factor/recovery-codes", proof);
  person.codes.splice(0, Infinity, ...renewed.recovery_codes);
}

export const changes: Readonly<Record<State, (person: Person) => Promise<unknown>>> = {
  active: () => Promise.resolve(),
  suspended: ({ house, id }) => ok(house.admin, "PATCH", `/admin/users/${id}`, { disabled: true }),
  expired: expire,
  "must enroll": ({ house, email }) => bind(house, { user: email, second_factor: { required: true } }),
  elsewhere: ({ house, email }) => bind(house, { user: email, addresses: [`${home}/32`] }),
  "being deleted": (person) => ok(person.api, "DELETE", "/account", { password: person.password, ...factorOf(person) }),
};

function bind({ admin }: House, rule: object): Promise<unknown> {
  return ok(admin, "PATCH", "/admin/access-rules", rule);
}

export async function expire({ house, id }: Person): Promise<void> {
  const ofUser = ["sessions", "tokens", "oauth_artifacts"].map(
    (table) => `update shard.${table} set expires_at = 1 where user_id = '${id}'`,
  );
  const ofSpace = `update shard.grants set expires_at = 1 where space_id = (select space_id from shard.users where id = '${id}')`;
  await house.query([...ofUser, ofSpace].join("; "));
}
