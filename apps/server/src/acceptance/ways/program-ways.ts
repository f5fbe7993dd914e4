import { createHash, randomBytes } from "node:crypto";
import { Api, type ApiAnswer, ok } from "../testing.ts";
import { OpenidBrowser } from "../testing-openid.ts";
import { from, given, openerOf, type Preparation, refusal } from "./attempt.ts";
import type { House, Program } from "./house.ts";
import type { Person } from "./people.ts";
import { held } from "./token-ways.ts";
import type { PlainWay } from "./ways.ts";

const scope = "openid offline_access files:read";
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
/** Address outside every access rule, used before the account's state changes. */
const before = "192.0.2.200";

export const programWays = {
  "program let in now": async (person) => {
    const question = await ask(person.house);
    return async (address) => {
      const answered = await question.answer(person, address);
      if (answered.status !== 200) return refusal(answered);
      return given(person.house.server.url, await question.exchange(await question.code(answered), address));
    };
  },
  "program's device let in now": async (person) => {
    const { house, api } = person;
    const started = await askByDevice(house);
    return async (address) => {
      const answer = { user_code: started.user_code, allow: true };
      const answered = await api.call("POST", "/account/device-requests/answer", answer, from(address));
      if (answered.status !== 204) return refusal(answered);
      return given(house.server.url, await fetchByDevice(house, started, address));
    };
  },
  "program's code from before": async (person) => {
    const question = await ask(person.house);
    const code = await question.code(await question.answer(person, before));
    return async (address) => given(person.house.server.url, await question.exchange(code, address));
  },
  "program's device let in before": async ({ house, api }) => {
    const started = await askByDevice(house);
    await ok(api, "POST", "/account/device-requests/answer", { user_code: started.user_code, allow: true });
    return async (address) => given(house.server.url, await fetchByDevice(house, started, address));
  },
  "program's refresh token from before": async (person) => {
    const { refresh_token } = await letIn(person);
    const fields = { grant_type: "refresh_token", refresh_token };
    const { house } = person;
    return async (address) => given(house.server.url, await token(house, house.program, fields, address));
  },
  "program's access token from before": async (person) =>
    held(openerOf(person.house.server.url, (await letIn(person)).access_token)),
  "program's access token that asks who it is": async (person) => {
    const { house } = person;
    const { access_token } = await letIn(person);
    return held(async (address) => {
      const url = `${house.server.url}/oauth/userinfo`;
      const response = await new Api(house.server.url, access_token).call("GET", url, undefined, from(address));
      return response.status === 200 ? "opens" : refusal(response);
    });
  },
} satisfies Partial<Record<PlainWay, Preparation>>;

async function letIn(person: Person): Promise<{ access_token: string; refresh_token: string }> {
  const question = await ask(person.house);
  const { body } = await question.exchange(await question.code(await question.answer(person, before)), before);
  return body;
}

async function ask(house: House) {
  const browser = new OpenidBrowser(house.origin);
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    client_id: house.program.id,
    redirect_uri: house.redirectUri,
    response_type: "code",
    scope,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const id = await browser.begin(`/oauth/authorize?${query.toString()}`);
  const path = `/account/program-requests/${id}/answer`;
  const cookie = browser.cookiesFor(`/api/v1${path}`);
  return {
    answer: ({ api }: Person, address: string): Promise<ApiAnswer> =>
      api.call("POST", path, { allow: true }, from(address, { cookie, origin: house.origin })),
    code: async (answered: ApiAnswer): Promise<string> => {
      const back = await browser.open(answered.body.url);
      return new URL(back.headers.get("location") ?? "").searchParams.get("code") ?? "";
    },
    exchange: (code: string, address: string): Promise<ApiAnswer> => {
      const fields = {
        grant_type: "authorization_code",
        code,
        redirect_uri: house.redirectUri,
        code_verifier: verifier,
      };
      return token(house, house.program, fields, address);
    },
  };
}

async function askByDevice(house: House): Promise<{ user_code: string; device_code: string }> {
  return (await post(house, "/oauth/device", house.deviceProgram, { scope }, before)).body;
}

function fetchByDevice(house: House, { device_code }: { device_code: string }, address: string): Promise<ApiAnswer> {
  return token(house, house.deviceProgram, { grant_type: deviceGrant, device_code }, address);
}

function token(house: House, program: Program, fields: Record<string, string>, address: string): Promise<ApiAnswer> {
  return post(house, "/oauth/token", program, fields, address);
}

function post(house: House, path: string, { id, secret }: Program, fields: Record<string, string>, address: string) {
  const body = new URLSearchParams({ client_id: id, ...(secret === null ? {} : { client_secret: secret }), ...fields });
  return new Api(house.server.url).call("POST", `${house.server.url}${path}`, undefined, { ...from(address), body });
}
