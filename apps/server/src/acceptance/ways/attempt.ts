import type { ApiAnswer } from "../testing.ts";
import { Api } from "../testing.ts";
import type { Person } from "./people.ts";
import type { Outcome } from "./ways.ts";

export type Opener = (address: string) => Promise<Outcome>;
/**
 * Tries the way from a client address in the account's present state.
 * @returns the access, or the refusal
 */
export type Attempt = (address: string) => Promise<Opener | Outcome>;
export type Preparation = (person: Person) => Promise<Attempt>;

/** Options for a request from a client address, as reported by the proxy, without the headers of a browser. */
export function from(address: string, more: Readonly<Record<string, string>> = {}) {
  return { headers: { "x-forwarded-for": address, ...more } };
}

export function refusal({ status, body }: Pick<ApiAnswer, "status" | "body">): Outcome {
  return `${status} ${body.code ?? body.error}`;
}

/** @param authorization a bearer token, or "Basic ..." */
export function openerOf(url: string, authorization: string): Opener {
  return async (address) => {
    const api = new Api(url, authorization);
    const root = await api.call("GET", "/folders/root/contents", undefined, from(address));
    if (root.status === 200) return "opens";
    const enroll = await api.call("GET", "/account/second-factor", undefined, from(address));
    return enroll.status === 200 ? "enrolls" : refusal(root);
  };
}

export function given(url: string, answer: ApiAnswer, field = "access_token"): Opener | Outcome {
  return answer.status < 300 && field in answer.body ? openerOf(url, answer.body[field]) : refusal(answer);
}

/** A page reports errors as text, so only its status counts. */
export async function openPage(api: Api, address: string, path: string): Promise<Outcome> {
  const { status } = await api.call("GET", `${api.url}${path}`, undefined, from(address));
  return status === 200 ? "opens" : `${status} page`;
}
