import type { IncomingMessage } from "node:http";
import { isId, type UserId } from "@holdfast/core/ids";
import type { KoaContextWithOIDC } from "oidc-provider";
import type { RequestContext } from "../exchange/handler.ts";
import type { AuditRule } from "../route-audit.ts";

/** First token for a grant. Later tokens are audited as another action. */
export const programStart: AuditRule = { action: "program.start", durable: true };
export const programEnd: AuditRule = { action: "program.end", durable: true };

type Note = RequestContext["note"];

/** Errors that a device receives until its user has answered. */
const waits: ReadonlySet<unknown> = new Set(["authorization_pending", "slow_down"]);

/** Audits requests that the OpenID provider answers. Entries contain no secrets. */
export class ProviderNotes {
  readonly #notes = new WeakMap<IncomingMessage, Note>();

  /** @param incoming request object that the provider receives */
  expect(incoming: IncomingMessage, note: Note): void {
    this.#notes.set(incoming, note);
  }

  readonly answered = ({ req, oidc, body }: KoaContextWithOIDC): void => {
    const note = this.#notes.get(req);
    // The provider names no route for unknown paths.
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

  /** Called when the reuse of a code or token revokes its grant. */
  readonly revoked = ({ req }: KoaContextWithOIDC, grantId: string): void => {
    this.#notes.get(req)?.({ target: grantId });
  };
}

function errorOf(body: unknown): string | undefined {
  const error = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  return typeof error === "string" ? error : undefined;
}
