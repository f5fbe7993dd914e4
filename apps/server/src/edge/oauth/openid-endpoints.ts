import type { IncomingMessage, ServerResponse } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import type { Log } from "../../base/operation/log.ts";
import { requestCookie } from "../../features/oauth/program-requests.ts";
import { addressHeader, openProviders } from "../../features/oauth/provider.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import type { RequestContext } from "../exchange/handler.ts";
import type { AuditRule } from "../route-audit.ts";
import type { LooseAnswer } from "../exchange/answer.ts";
import { programEnd, programStart, ProviderNotes } from "./endpoint-audit.ts";
import { answerSignOut, signOutPath } from "./sign-out-endpoint.ts";
import { assertQuestionAddress, countQuestion, questionBytesMax, withoutUnused } from "./waiting-questions.ts";

type EndpointRequest = Pick<RequestContext, "headers" | "peer" | "stream" | "note"> & {
  readonly method: string;
  /** Path of the endpoint with the original query. */
  readonly url: string;
};

export type OpenidAnswer = (request: EndpointRequest) => Promise<LooseAnswer>;

/** Defined by OpenID Connect, RP-Initiated Logout, RFC 6749, 7009, 7662, 8414 and 8628. */
export interface OutsideEndpoint {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Other sites redirect browsers here, and the cookies set here are needed. */
  readonly readsCookies?: true;
  /** Set for endpoints that issue or revoke tokens. */
  readonly audit?: AuditRule;
}

export const openidEndpoints: readonly OutsideEndpoint[] = [
  { method: "GET", url: "/.well-known/openid-configuration" },
  { method: "GET", url: "/.well-known/oauth-authorization-server" },
  { method: "GET", url: "/oauth/jwks" },
  { method: "GET", url: "/oauth/authorize" },
  { method: "POST", url: "/oauth/authorize" },
  { method: "GET", url: "/oauth/authorize/:uid", readsCookies: true },
  { method: "POST", url: "/oauth/token", audit: programStart },
  { method: "POST", url: "/oauth/device" },
  { method: "POST", url: "/oauth/revoke", audit: programEnd },
  { method: "POST", url: "/oauth/introspect" },
  { method: "GET", url: "/oauth/userinfo" },
  { method: "POST", url: "/oauth/userinfo" },
  { method: "GET", url: signOutPath },
  { method: "POST", url: signOutPath },
];

const formBytesMax = 8 * 1024;

/** Passes requests to the OpenID provider, which has no socket, with the client's address and the public URL. */
export function openOpenid(world: AccountWorld, log: Log): OpenidAnswer {
  const notes = new ProviderNotes();
  const providers = openProviders(world, log, notes);
  return async (request) => {
    const { peer, headers, method, url } = request;
    const path = pathOf(url);
    // Sign-out validates its own fields, and reports errors for each.
    if (path !== signOutPath) assertText(url);
    if (path === "/oauth/authorize") {
      assertQuestionAddress(url);
      if (method === "POST") return byAddress(request);
      await countQuestion(world, peer);
    }
    const issuer = peer.publicUrl;
    const provider = await providers.of(issuer);
    if (path === signOutPath) return answerSignOut(world, provider, request);
    const { default: inject } = await import("light-my-request");
    const payload = method === "POST" ? await readForm(request.stream, path) : undefined;
    if (payload instanceof HoldfastError) return toProgram(payload);
    if (path === "/oauth/device") {
      const refused = await countQuestion(world, peer).catch(asRefusal);
      if (refused !== undefined) return toProgram(refused);
    }
    const handle = provider.callback();
    const dispatch = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      notes.expect(incoming, request.note);
      void handle(incoming, outgoing);
    };
    const answer = await inject(dispatch, {
      method: method === "HEAD" ? "GET" : method,
      url: withConsent(url),
      headers: headersFor(headers, issuer, peer.address),
      ...(payload === undefined ? {} : { payload }),
    });
    const isForPerson = url.startsWith("/oauth/authorize");
    if (isForPerson && answer.statusCode >= 400) throw refusal(answer.statusCode, answer.payload);
    return { status: answer.statusCode, bytes: answer.rawPayload, headers: headersOf(answer.headers) };
  };
}

/** Redirects a POST to the same GET request. OpenID Connect Core 3.1.2.1 requires both. */
async function byAddress({ headers, stream }: EndpointRequest): Promise<LooseAnswer> {
  if (headers["content-type"]?.startsWith("application/x-www-form-urlencoded") !== true)
    throw new HoldfastError(
      "bad_request",
      "A program sends its request as a form (application/x-www-form-urlencoded).",
    );
  const form = new URLSearchParams(Buffer.from(await readBounded(stream, questionBytesMax, "A form")).toString());
  const location = `/oauth/authorize?${form.toString()}`;
  assertQuestionAddress(location);
  return { status: 303, headers: { location, "cache-control": "no-store" } };
}

function pathOf(url: string): string {
  return url.split("?", 1).join("");
}

/** @returns the error in place of an invalid form */
async function readForm(stream: AsyncIterable<Uint8Array>, path: string): Promise<Buffer | HoldfastError> {
  const isQuestion = path === "/oauth/device";
  try {
    const form = await readBounded(stream, isQuestion ? questionBytesMax : formBytesMax, "A form");
    const text = Buffer.from(form).toString();
    assertText(text);
    return Buffer.from(isQuestion ? withoutUnused(text) : form);
  } catch (thrown) {
    return asRefusal(thrown);
  }
}

/** Databases do not accept NUL characters. @throws HoldfastError bad_request */
function assertText(form: string): void {
  if (form.includes("%00") || form.includes("\0"))
    throw new HoldfastError("bad_request", "The request of a program cannot contain a NUL character.");
}

const refusals: Partial<Record<HoldfastError["code"], number>> = {
  bad_request: 400,
  too_large: 413,
  rate_limited: 429,
};

function asRefusal(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError && refusals[thrown.code] !== undefined) return thrown;
  throw thrown;
}

/** Formats an error as in RFC 6749, because programs only read that format. */
function toProgram({ code, message, retryAfterSeconds }: HoldfastError): LooseAnswer {
  const isLater = code === "rate_limited";
  return {
    status: refusals[code] ?? 400,
    json: { error: isLater ? "temporarily_unavailable" : "invalid_request", error_description: message },
    headers: {
      "cache-control": "no-store",
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    },
  };
}

const passedOn = ["authorization", "content-type", "cookie", "user-agent"] as const;

function headersFor(headers: EndpointRequest["headers"], issuer: string, address: string): Record<string, string> {
  const { host, protocol } = new URL(issuer);
  const passed: Record<string, string> = {};
  for (const name of passedOn) if (headers[name] !== undefined) passed[name] = headers[name];
  const forwarded = {
    host,
    "x-forwarded-host": host,
    "x-forwarded-proto": protocol.slice(0, -1),
    [addressHeader]: address,
  };
  return { ...passed, ...forwarded, accept: "application/json" };
}

/**
 * Removes unused parameters, and adds the prompt for consent, so that programs need not request it for long-lived
 * access. Only `prompt=none` asks nobody. The provider reports invalid values.
 */
function withConsent(url: string): string {
  const path = pathOf(url);
  if (path !== "/oauth/authorize") return url;
  const query = new URLSearchParams(withoutUnused(url.slice(path.length + 1)));
  const [prompt = "", ...others] = query.getAll("prompt");
  const words = new Set(prompt.split(" ").filter((word) => word !== ""));
  if (others.length === 0 && !words.has("none")) query.set("prompt", [...words.add("consent")].join(" "));
  return `${path}?${query.toString()}`;
}

const answered = ["content-type", "location", "cache-control", "pragma", "www-authenticate"] as const;

function headersOf(headers: Readonly<Record<string, unknown>>) {
  const cookies = [headers["set-cookie"] ?? []].flat() as string[];
  // The provider has no sessions.
  const kept = cookies.filter((cookie) => cookie.startsWith(requestCookie) || cookie.startsWith(resumeCookie));
  return {
    ...Object.fromEntries(answered.map((name) => [name, headers[name] as string | undefined])),
    "cache-control": (headers["cache-control"] as string | undefined) ?? "no-store",
    ...(kept.length === 0 ? {} : { "set-cookie": kept }),
  };
}

const resumeCookie = "holdfast-openid-resume";

/** Nothing proved where the request came from, so the provider could not redirect with the error. */
function refusal(status: number, payload: string): HoldfastError {
  const said = readError(payload);
  if (status >= 500) return new HoldfastError("internal", "The OpenID provider failed.", { cause: new Error(payload) });
  return new HoldfastError("bad_request", `A program's authorization request is not valid: ${said}.`);
}

function readError(payload: string): string {
  try {
    const { error, error_description: description } = JSON.parse(payload) as Record<string, unknown>;
    return [error, description]
      .filter((part) => typeof part === "string")
      .join(", ")
      .slice(0, 300);
  } catch {
    return "it is not an OpenID Connect request";
  }
}
