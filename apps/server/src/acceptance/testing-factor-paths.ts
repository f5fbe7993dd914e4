import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type RouteName, routes } from "@holdfast/protocol/routes";
import { requireComponent } from "@holdfast/tools/components";
import { z } from "zod";
import { openidEndpoints } from "../edge/oauth/openid-endpoints.ts";
import { scimEndpoints } from "../edge/scim/scim-endpoints.ts";
import { Api, ok } from "./testing.ts";
import { from, given, type Preparation } from "./ways/attempt.ts";
import {
  type HandedOut,
  handedOutByRoutes,
  handedOutToIdentitySystems,
  handedOutToPrograms,
} from "./ways/handed-out.ts";
import { away, home, type House, openHouse } from "./ways/house.ts";
import { linkWays } from "./ways/link-ways.ts";
import { changes, expire, newPerson, type Person, haveCodes } from "./ways/people.ts";
import { programWays } from "./ways/program-ways.ts";
import { ldapWays, resetWays, signInWays } from "./ways/sign-in-ways.ts";
import { signedWays as signed } from "./ways/signed-ways.ts";
import { administratorWays, tokenWays } from "./ways/token-ways.ts";
import { expected, type Factor, type Outcome, refused, type State, wayOf, type WayName } from "./ways/ways.ts";

const factors: readonly Factor[] = ["none", "app", "passkey", "app and passkey"];
const states = Object.keys(changes) as State[];
const aThird: Readonly<Record<Factor, readonly State[]>> = {
  none: ["must enroll", "elsewhere"],
  app: ["active", "expired"],
  passkey: ["suspended", "being deleted"],
  "app and passkey": [],
};

/** Ways that one person tries one after the other. A way without a `Preparation` does not compile. */
type Ways = Readonly<Partial<Record<WayName, Preparation>>>;
const own = { ...signInWays, ...tokenWays, ...programWays, ...linkWays, ...signed };
const all = { ...own, ...ldapWays, ...resetWays, ...administratorWays } satisfies Record<WayName, Preparation>;
const names = Object.keys(all) as WayName[];

/** Ways that a third tries in all its situations: the first one of each kind, and those of few factors. */
const leading: ReadonlySet<WayName> = new Set(
  names.filter((name) => {
    const { kind, half, of } = wayOf(name);
    const isAlike = (other: WayName) => wayOf(other).kind === kind && wayOf(other).half === half;
    // An earlier mail takes a person for itself, so its ways take turns.
    if (kind === "mail") return false;
    return of !== undefined || name === names.find((other) => isAlike(other) && wayOf(other).of === undefined);
  }),
);

/**
 * Tests the outcome of each way to act for an account, by the account's second factor and state.
 * @param part tested pairs of a factor and a state. A third covers each kind of factor, every state and every outcome of each
 * kind of way. It tries each way at least once
 */
export function describeFactorPaths(part: "all" | "a third"): void {
  let house: House;
  before(async () => {
    house = await openHouse("factor-paths");
  });
  after(() => house?.stop());

  describe("Table of credentials that routes return", () => {
    const endpoints = (list: readonly { method: string; url: string }[]) =>
      list.map(({ method, url }) => `${method} ${url}`).toSorted();
    const rows = (table: Readonly<Record<string, HandedOut>>) => Object.keys(table).toSorted();

    test("has a row for each endpoint of the OpenID provider and of SCIM", () => {
      assert.deepEqual(endpoints(openidEndpoints), rows(handedOutToPrograms));
      const scim = scimEndpoints({} as Parameters<typeof scimEndpoints>[0]);
      const below = scim.map(({ route: { method, path } }) => ({ method, url: path.replace("/scim/v2", "") }));
      assert.deepEqual(endpoints(below), rows(handedOutToIdentitySystems));
    });

    test("contains each credential that is tested here", () => {
      const tables = [handedOutByRoutes, handedOutToPrograms, handedOutToIdentitySystems];
      const named = tables.flatMap((table) =>
        Object.values(table).flatMap((row) => (typeof row === "string" ? [] : row)),
      );
      assert.deepEqual([...new Set(named)].toSorted(), Object.keys(all).toSorted());
    });

    for (const name of Object.keys(routes) as RouteName[]) {
      if (name in handedOutByRoutes) continue;
      test(`${name} returns no field named like a secret`, () => {
        const shapes = Object.values(routes[name].responses).filter((shape) => typeof shape !== "string");
        const text = shapes.map((shape) =>
          JSON.stringify(z.toJSONSchema(shape, { io: "output", unrepresentable: "any" })),
        );
        const secrets = /"(?:t|\w*token|secret|uri|\w*url|ticket|\w*_code|\w*_codes|\w*password|session|webauthn)":\{/;
        assert.doesNotMatch(text.join(" ").replaceAll(/"(?:has_password|public_url)":\{/g, ""), secrets);
      });
    }
  });

  describe("Every credential", { concurrency: 3 }, () => {
    async function assertLead(person: Person, ways: Ways, state: State): Promise<void> {
      const attempts = [];
      for (const [way, prepare] of Object.entries(ways) as [WayName, Preparation][]) {
        if (!isTried(way, { factor: person.factor, state })) continue;
        await haveCodes(person, 2);
        attempts.push({ way, attempt: await prepare(person) });
      }
      await haveCodes(person, 8);
      await changes[state](person);
      const address = state === "elsewhere" ? away : home;
      const seen: Record<string, Outcome> = {};
      for (const { way, attempt } of attempts) {
        const gone = await attempt(address);
        // Also expires the attempts that began only now.
        if (state === "expired") await expire(person);
        seen[way] = typeof gone === "string" ? gone : await gone(address);
      }
      const wanted = attempts.map(({ way }) => [way, expected(wayOf(way), person.factor, state)]);
      assert.deepEqual(seen, Object.fromEntries(wanted));
    }

    interface Situation {
      readonly factor: Factor;
      readonly state: State;
    }
    const situations: readonly Situation[] = factors.flatMap((factor) => states.map((state) => ({ factor, state })));
    const chosen = situations.filter(({ factor, state }) => part === "all" || aThird[factor].includes(state));

    /** A third tries a way that does not lead in every third of its situations. */
    const isTried = (way: WayName, { factor, state }: Situation): boolean => {
      const place = chosen.findIndex((each) => each.factor === factor && each.state === state);
      const isItsTurn = part === "all" || leading.has(way) || (names.indexOf(way) + place) % 3 === 0;
      return isItsTurn && wayOf(way).of?.includes(factor) !== false;
    };

    test("has every way and every outcome among the tested ones", () => {
      const waysIn = (situation: Situation) => names.filter((way) => isTried(way, situation));
      assert.deepEqual(new Set(chosen.flatMap(waysIn)), new Set(names));
      const tried = chosen.flatMap((situation) =>
        waysIn(situation).map((way) => expected(wayOf(way), situation.factor, situation.state)),
      );
      const possible = situations.flatMap(({ factor, state }) =>
        names
          .filter((way) => wayOf(way).of?.includes(factor) !== false)
          .map((way) => expected(wayOf(way), factor, state)),
      );
      assert.deepEqual(new Set(tried), new Set(possible));
    });

    for (const { factor, state } of chosen) {
      const condition = `with ${factor === "none" ? "no second factor" : `a factor: ${factor}`}, of an account that is: ${state}`;
      test(`has the expected outcome ${condition}`, async () => {
        await assertLead(await newPerson(house, factor), own, state);
        await assertLead(await newPerson(house, factor, "here", true), administratorWays, state);
        for (const [way, prepare] of Object.entries(resetWays)) {
          if (!isTried(way as WayName, { factor, state })) continue;
          await assertLead(await newPerson(house, factor), { [way]: prepare }, state);
        }
      });
      test(`by LDAP has the expected outcome ${condition}`, async (t) => {
        if (!requireComponent(t, "slapd")) return;
        await assertLead(await newPerson(house, factor, "LDAP"), ldapWays, state);
      });
    }
  });

  describe("New account by invitation", () => {
    const everybody = "00000000-0000-8000-8000-000000000000";
    const rule = (fields: string, values: string) =>
      house.query(`insert into shard.access_rules (subject_id, ${fields}) values ('${everybody}', ${values})`);
    const situations: Readonly<Record<string, readonly [() => Promise<unknown>, Outcome]>> = {
      active: [() => Promise.resolve(), "opens"],
      expired: [() => house.query("update shard.invitations set expires_at = 1"), refused("forbidden")],
      "must enroll": [() => rule("factor_due_at", "0"), "enrolls"],
      elsewhere: [() => rule("addresses", `'{${home}/32}'`), refused("address_not_allowed")],
    };

    for (const [situation, [change, outcome]] of Object.entries(situations)) {
      test(`has the same restrictions as others: ${situation}`, async () => {
        const { token } = await ok(house.admin, "POST", "/admin/invitations", {});
        await change();
        try {
          assert.equal(await come(token, `${situation.replace(" ", "-")}@example.org`), outcome);
        } finally {
          await house.query("delete from shard.access_rules");
        }
      });
    }

    async function come(invite: string, email: string): Promise<Outcome> {
      const anybody = new Api(house.server.url);
      const account = { email, password: "what the invited say" };
      const made = await anybody.call("POST", "/accounts", { ...account, name: "I", invite }, from(away));
      if (made.status !== 201) return `${made.status} ${made.body.code}`;
      const opener = given(house.server.url, await anybody.call("POST", "/sessions", account, from(away)));
      return typeof opener === "string" ? opener : opener(away);
    }
  });
}
