import { Api, type ApiAnswer } from "./testing.ts";

const type = "application/scim+json";
export const userSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
export const groupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group";
export const patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export class ScimClient {
  readonly #api: Api;

  constructor(url: string, token?: string) {
    this.#api = new Api(url, token);
  }

  call(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": type } };
    return this.#api.call(method, `${this.#api.url}/scim/v2${path}`, undefined, init);
  }

  /** Result of a call that must succeed. Okta and Entra read only this type. */
  async ok(method: string, path: string, body?: unknown): Promise<ApiAnswer["body"]> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    if (answer.status !== 204 && answer.headers.get("content-type") !== type) throw new Error("is no SCIM");
    return answer.body;
  }

  async find(kind: "Users" | "Groups", filter: string, more = ""): Promise<ApiAnswer["body"]> {
    return this.ok("GET", `/${kind}?filter=${encodeURIComponent(filter)}${more}`);
  }

  patch(path: string, ...operations: readonly object[]): Promise<ApiAnswer> {
    return this.call("PATCH", path, { schemas: [patchSchema], Operations: operations });
  }
}

/** Body with which Okta creates and updates a user. */
export function oktaUser(userName: string) {
  return {
    schemas: [userSchema],
    userName,
    name: { givenName: "Test", familyName: "User" },
    emails: [{ primary: true, value: userName, type: "work" }],
    displayName: "Test User",
    locale: "en-US",
    externalId: `okta-${userName}`,
    groups: [],
    password: "1mz050nq",
    active: true,
  };
}
