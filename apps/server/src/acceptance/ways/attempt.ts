import type { ApiAnswer } from "../testing.ts";
import { Api } from "../testing.ts";
import type { Person } from "./people.ts";
import type { Outcome } from "./ways.ts";

/** Opens, from that address, what it is for. */
export type Opener = (address: string) => Promise<Outcome>;
/** Goes the way from that address, as the account is by now. @returns by what to open something, or the refusal */
export type Attempt = (address: string) => Promise<Opener | Outcome>;
/** What belongs to the time before: done while nothing is wrong with the account. */
export type Preparation = (person: Person) => Promise<Attempt>;

/** Asks from there, as the proxy in front says, and as a program: what a page of another origin sends along is not looked at. */
export function from(address: string, more: Readonly<Record<string, string>> = {}) {
  return { headers: { "x-forwarded-for": address, ...more } };
}

/** The refusal in the words of our own API, or of OAuth. */
export function refusal({ status, body }: Pick<ApiAnswer, "status" | "body">): Outcome {
  return `${status} ${body.code ?? body.error}`;
}

/** By what stands in `Authorization`: a bearer token, or "Basic ...". */
export function openerOf(url: string, authorization: string): Opener {
  return async (address) => {
    const api = new Api(url, authorization);
    const root = await api.call("GET", "/folders/root/contents", undefined, from(address));
    if (root.status === 200) return "opens";
    const enrol = await api.call("GET", "/account/second-factor", undefined, from(address));
    return enrol.status === 200 ? "enrols" : refusal(root);
  };
}

/** What a route answers that gives a token by that name. */
export function given(url: string, answer: ApiAnswer, field = "access_token"): Opener | Outcome {
  return answer.status < 300 && field in answer.body ? openerOf(url, answer.body[field]) : refusal(answer);
}

/** A page says what is wrong to people. */
export async function openPage(api: Api, address: string, path: string): Promise<Outcome> {
  const { status } = await api.call("GET", `${api.url}${path}`, undefined, from(address));
  return status === 200 ? "opens" : `${status} page`;
}
