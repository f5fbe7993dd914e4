import type { IncomingMessage } from "node:http";
import { isId, type UserId } from "@holdfast/core/ids";
import type { KoaContextWithOIDC } from "oidc-provider";
import type { RequestContext } from "../handler.ts";
import type { AuditRule } from "../route-audit.ts";

/** A program gets its first token for what a person has granted, or, by another action, its next. */
export const programStart: AuditRule = { action: "program.start", durable: true };
/** A program gives back what it was granted. */
export const programEnd: AuditRule = { action: "program.end", durable: true };

type Note = RequestContext["note"];

/** What a device asks again and again until its person has answered. */
const waits: ReadonlySet<unknown> = new Set(["authorization_pending", "slow_down"]);

/** What the audit is told of requests that the OpenID provider answers: nothing that opens something. */
export class ProviderNotes {
  readonly #notes = new WeakMap<IncomingMessage, Note>();

  /** @param incoming what the provider sees in place of the request */
  expect(incoming: IncomingMessage, note: Note): void {
    this.#notes.set(incoming, note);
  }

  /** Once it has answered. */
  readonly answered = ({ req, oidc, body }: KoaContextWithOIDC): void => {
    const note = this.#notes.get(req);
    // It names no route where there is none.
    if (note === undefined || !["token", "revocation"].includes(oidc?.route)) return;
    const { Client, AuthorizationCode, DeviceCode, RefreshToken, AccessToken } = oidc.entities;
    const given = AuthorizationCode ?? DeviceCode ?? RefreshToken ?? AccessToken;
    const error = errorOf(body);
    const clientId = Client?.clientId;
    const isOwn = given !== undefined && given.clientId === clientId;
    const isRevocation = oidc.route === "revocation";
    const what = isOwn || given === undefined ? error : "of_another_program";
    note({
      ...(oidc.params?.["grant_type"] === "refresh_token" ? { action: "program.refresh" } : {}),
      ...(isOwn && isId(given.accountId ?? "") ? { userId: given.accountId as UserId } : {}),
      ...(given?.grantId === undefined ? {} : { target: given.grantId }),
      isNothing: isRevocation ? error === undefined && given === undefined : waits.has(error),
      detail: { client_id: clientId, error: what },
    });
  };

  /** What came a second time ends what was granted. */
  readonly revoked = ({ req }: KoaContextWithOIDC, grantId: string): void => {
    this.#notes.get(req)?.({ target: grantId });
  };
}

function errorOf(body: unknown): string | undefined {
  const error = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  return typeof error === "string" ? error : undefined;
}
