import { Api, type ApiAnswer, ok } from "../testing.ts";
import { type Attempt, from, given, openerOf, type Preparation, refusal } from "./attempt.ts";
import { factorOf, once, type Person } from "./people.ts";
import type { PlainWay } from "./ways.ts";

const scopes = ["files:read", "files:write"];
/** Token or app password requested during the attempt. */
const fewer = { name: "n", scopes: ["files:read"] };

export const tokenWays = {
  "session from before": async ({ house, api }) => held(openerOf(house.server.url, api.token ?? "")),
  "refresh token from before": async (person) => {
    const { refresh_token } = await begin(person);
    return async (address) => session(person, await post(person, address, "/sessions/refresh", { refresh_token }));
  },
  "browser's cookie from before": async (person) => {
    const { house, email, password } = person;
    const page = { headers: { origin: house.origin } };
    const signedIn = await new Api(house.server.url).call(
      "POST",
      "/sessions/web",
      { email, password, ...factorOf(person) },
      page,
    );
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";", 1).join("");
    return async (address) =>
      session(
        person,
        await new Api(house.server.url).call(
          "POST",
          "/sessions/web/refresh",
          {},
          from(address, { origin: house.origin, cookie }),
        ),
      );
  },
  "command let in before": async (person) => {
    const asked = await askForCommand(person);
    await ok(person.api, "POST", "/account/device-requests/answer", { user_code: asked.user_code, allow: true });
    return (address) => fetchSession(person, address, asked);
  },
  "command let in now": async (person) => {
    const asked = await askForCommand(person);
    return async (address) => {
      const answer = { user_code: asked.user_code, allow: true };
      const letIn = await post(person, address, "/account/device-requests/answer", answer, person.api);
      return letIn.status === 204 ? fetchSession(person, address, asked) : refusal(letIn);
    };
  },
  "new personal token": async (person) => async (address) =>
    given(person.house.server.url, await post(person, address, "/tokens", fewer, person.api), "token"),
  "personal token from before": async (person) => held(openerOf(person.house.server.url, await personalToken(person))),
  "new app password": async (person) => (address) => newAppPassword(person, address, factorOf(person)),
  "new app password without the factor": async (person) => (address) => newAppPassword(person, address, {}),
  "app password from before": async (person) => held(openerOf(person.house.server.url, await appPassword(person))),
  "app password of a folder from before": async (person) =>
    held(openerOf(person.house.server.url, await appPassword(person, await newFolder(person)))),
} satisfies Partial<Record<PlainWay, Preparation>>;

/** For an administrator, the only users that SCIM accepts. */
export const administratorWays = {
  "identity system's token": async ({ house, api }) => {
    const { token } = await ok(api, "POST", "/tokens", { name: "s", scopes: ["scim"] });
    return held(async (address) => {
      const path = `${house.server.url}/scim/v2/Users`;
      const { status } = await new Api(house.server.url, token).call("GET", path, undefined, from(address));
      return status === 200 ? "opens" : `${status} scim`;
    });
  },
} satisfies Partial<Record<PlainWay, Preparation>>;

/** Earlier ones are used unchanged. */
export function held(opener: Awaited<ReturnType<Attempt>>): Attempt {
  return () => Promise.resolve(opener);
}

export function newFolder(person: Person): Promise<string> {
  return once(
    person,
    "folder",
    async () => (await ok(person.api, "POST", "/metadata", { path: "/F", kind: "folder" })).id,
  );
}

export function personalToken(person: Person): Promise<string> {
  const asked = { name: "t", scopes: [...scopes, "account"] };
  return once(person, "personal token", async () => (await ok(person.api, "POST", "/tokens", asked)).token);
}

/**
 * @param folder_id folder that confines it
 * @returns the value of `Authorization`
 */
export function appPassword(person: Person, folder_id?: string): Promise<string> {
  const asked = { name: "a", scopes, ...(folder_id === undefined ? {} : { folder_id }) };
  return once(person, `app password ${folder_id}`, async () => {
    const proof = { password: person.password, ...factorOf(person) };
    return basic(person, (await ok(person.api, "POST", "/tokens/app-passwords", { ...asked, ...proof })).app_password);
  });
}

function basic({ email }: Person, password: string): string {
  return `Basic ${Buffer.from(`${email}:${password}`).toString("base64")}`;
}

async function newAppPassword(person: Person, address: string, factor: object) {
  const asked = { ...fewer, password: person.password, ...factor };
  const made = await post(person, address, "/tokens/app-passwords", asked, person.api);
  return made.status === 201 ? openerOf(person.house.server.url, basic(person, made.body.app_password)) : refusal(made);
}

function begin(person: Person): Promise<ApiAnswer["body"]> {
  const { house, email, password } = person;
  return ok(new Api(house.server.url), "POST", "/sessions", { email, password, ...factorOf(person) });
}

function askForCommand({ house }: Person): Promise<ApiAnswer["body"]> {
  return ok(new Api(house.server.url), "POST", "/sessions/device", { device_name: "d" });
}

async function fetchSession(person: Person, address: string, { device_code }: { device_code: string }) {
  return session(person, await post(person, address, "/sessions/device/token", { device_code }));
}

function post({ house }: Person, address: string, path: string, body: object, api = new Api(house.server.url)) {
  return api.call("POST", path, body, from(address));
}

function session({ house }: Person, answer: ApiAnswer) {
  return given(house.server.url, answer);
}
