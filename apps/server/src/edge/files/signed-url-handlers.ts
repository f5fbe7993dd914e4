import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { openGrant, openSigner } from "../../features/accounts/callers/signed-grant.ts";
import type { Handlers } from "../exchange/handler.ts";
import { type DownloadParts, serveDownload, serveZip } from "./serve-download.ts";
import {
  findDownloads,
  findZip,
  findZipped,
  readDownloadFacts,
  readLongList,
  storeLongList,
  writeDownloadFacts,
} from "./signed-download.ts";

/** Signed URLs need no token. Each use checks the current rights of the caller who requested the URL. */
export function signedUrlHandlers(accounts: AccountWorld, parts: DownloadParts) {
  const { shards } = accounts;
  return {
    createSignedUrls: async ({ caller, body, peer, charge }) => {
      await charge("operations", Math.ceil(("ids" in body ? body.ids : body.items).length / 10));
      const expiresAtMs = accounts.clock.nowMs() + limits.signedUrlLifetimeMs;
      const wanted =
        "ids" in body
          ? [await storeLongList(accounts, caller, await findZip(shards, caller, body), expiresAtMs)]
          : await findDownloads(shards, caller, body.items);
      const sign = openSigner(accounts, caller, "download", expiresAtMs);
      const urls = wanted.map((facts) => ({
        url: `${peer.origin}/api/v1/signed/${sign(writeDownloadFacts(facts))}`,
        expires_at: formatTime(expiresAtMs * 1000),
      }));
      return { status: 200, json: { urls } };
    },
    openSignedUrl: async (context) => {
      const grant = await openGrant(accounts, "download", context.params.grant);
      if (grant?.caller.scopes.has("files:read") !== true) throw noSuchAddress();
      const { caller } = grant;
      context.countFor(caller);
      const facts = await readLongList(accounts, readDownloadFacts(grant.facts));
      if (facts === undefined) throw noSuchAddress();
      if (facts.ids.length > limits.zippedNodesInUrlMax)
        await context.charge("operations", Math.ceil(facts.ids.length / 10));
      const { headers, head, signal, reading, peer, note } = context;
      const request = { caller, headers, head, signal, reading, peer, note };
      const { use, ids, name } = facts;
      note({ nodeIds: use === "zip" ? ids : ids.slice(0, 1) });
      if (use === "zip") return serveZip(parts, request, await findZipped(shards, caller, ids), name);
      const [id = "", version] = ids;
      return serveDownload(parts, request, { id, version, isSaved: use === "download" });
    },
  } satisfies Handlers;
}

function noSuchAddress(): HoldfastError {
  return new HoldfastError("unauthenticated", "This address is not valid or has expired. Request a new one.");
}
