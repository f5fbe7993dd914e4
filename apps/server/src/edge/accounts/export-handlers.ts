import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { openGrant, openSigner } from "../../features/accounts/callers/signed-grant.ts";
import { whileOpen } from "../../features/content/while-open.ts";
import type { ExportRequest, Exports } from "../../features/export/open-exports.ts";
import { primed } from "../blocks/primed.ts";
import { assertScope } from "../exchange/authentication.ts";
import { contentDisposition } from "../exchange/content-disposition.ts";
import type { Handlers } from "../exchange/handler.ts";

const withVersionsFact = "versions";
const newestFact = "newest";

/** A HEAD request starts no export. */
export function exportHandlers(accounts: AccountWorld, exports: Exports) {
  const archive = async (request: ExportRequest, head: boolean) => {
    const headers = {
      "content-type": "application/x-tar",
      "content-disposition": contentDisposition("holdfast.tar", "attachment"),
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    };
    if (head) return { status: 200 as const, bytes: "", headers };
    const pieces = whileOpen(accounts, request.caller, exports(request));
    return { status: 200 as const, bytes: await primed(pieces), headers };
  };
  return {
    exportAccount: async ({ caller, query, head, signal, reading }) => {
      assertScope(caller, "files:read");
      const withVersions = query.versions !== "false" && query.versions !== "0";
      return archive({ caller, withVersions, reading: { signal, reading } }, head);
    },
    createExportAddress: async ({ caller, body, peer }) => {
      assertScope(caller, "files:read");
      const expiresAtMs = accounts.clock.nowMs() + limits.signedUrlLifetimeMs;
      const grant = openSigner(
        accounts,
        caller,
        "export",
        expiresAtMs,
      )(body.versions === false ? newestFact : withVersionsFact);
      const url = `${peer.origin}/api/v1/account/export/${grant}`;
      return { status: 200, json: { url, expires_at: formatTime(expiresAtMs * 1000) } };
    },
    openExportAddress: async ({ params, head, signal, reading, countFor }) => {
      const grant = await openGrant(accounts, "export", params.grant);
      if (grant === undefined || !mayExport(grant.caller)) {
        throw new HoldfastError("unauthenticated", "This address is not valid or has expired. Request a new one.");
      }
      const { caller, facts } = grant;
      countFor(caller);
      return archive({ caller, withVersions: facts === withVersionsFact, reading: { signal, reading } }, head);
    },
  } satisfies Handlers;
}

function mayExport({ scopes }: Caller): boolean {
  return scopes.has("account") && scopes.has("files:read");
}
