import * as openid from "openid-client";
import { type Api, type ApiAnswer, ok } from "./testing.ts";

export const redirect = "https://program.example/back";

export interface OpenidProgram {
  readonly made: ApiAnswer["body"];
  readonly config: openid.Configuration;
}

/** @param more registration properties that replace the defaults */
export async function registerProgram(admin: Api, more: object = {}): Promise<OpenidProgram> {
  const made = await ok(admin, "POST", "/admin/oauth-clients", {
    name: "Reader",
    redirect_uris: [redirect],
    scopes: ["files:read", "account"],
    ...more,
  });
  const { id, secret } = made;
  const authentication = secret === null ? openid.None() : openid.ClientSecretBasic(secret);
  const config = await openid.discovery(new URL(admin.url), id, secret ?? undefined, authentication, {
    // oxlint-disable-next-line typescript/no-deprecated -- so called to be seen; the server is on this machine
    execute: [openid.allowInsecureRequests],
  });
  return { made, config };
}

export async function askForCode(config: openid.Configuration, scope: string, more: Record<string, string> = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  });
  return { url, verifier };
}

/** Minimal browser for a program's sign-in: stores cookies by path and follows no redirects. */
export class OpenidBrowser {
  readonly #origin: string;
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Opens an address of the server like a link on another site. */
  async open(url: URL | string): Promise<Response> {
    const address = new URL(url, this.#origin);
    const answer = await fetch(address, { redirect: "manual", headers: { cookie: this.cookiesFor(address.pathname) } });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = "", ...fields] = cookie.split("; ");
      const [name = ""] = pair.split("=", 1);
      const path = fields.find((field) => field.startsWith("path="))?.slice(5) ?? "/";
      this.#cookies.set(`${name} ${path}`, { value: pair.slice(name.length + 1), path });
    }
    return answer;
  }

  cookiesFor(pathname: string): string {
    return [...this.#cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name.split(" ", 1)[0]}=${value}`)
      .join("; ");
  }

  /** @returns the id of the question for the app to show */
  async begin(url: URL | string): Promise<string> {
    const answer = await this.open(url);
    const place = answer.headers.get("location") ?? "";
    const id = /\/authorize\/([\w-]+)$/.exec(place)?.[1];
    if (id === undefined) throw new Error(`It was answered ${answer.status} ${place} ${await answer.text()}`);
    return id;
  }

  /** Acts like the app's page. */
  call(api: Api, path: string, json: object) {
    const headers = { cookie: this.cookiesFor(`/api/v1${path}`), origin: this.#origin };
    return api.call("POST", path, json, { headers });
  }

  async answer(url: URL | string, api: Api, answer: object): Promise<URL> {
    const id = await this.begin(url);
    const { status, body } = await this.call(api, `/account/program-requests/${id}/answer`, answer);
    if (status !== 200) throw new Error(`The answer was answered ${status}: ${JSON.stringify(body)}`);
    const end = await this.open(body.url);
    const place = end.headers.get("location");
    if (place === null) throw new Error(`It ended with ${end.status}: ${await end.text()}`);
    return new URL(place);
  }
}
