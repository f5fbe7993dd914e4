import { hostname, userInfo } from "node:os";
import { toBucket } from "@holdfast/core/ids";
import type { RouteName } from "@holdfast/protocol/routes";
import { openAuditKey, type SecretWrapper } from "../accounts/server-secrets.ts";
import { appendLocked } from "../audit/append-entries.ts";
import { type AuditEntry, microsOf } from "../audit/audit-entry.ts";
import { describeRequest, type Outcome } from "../http/exchange/describe-request.ts";
import { auditRule } from "../http/route-audit.ts";
import { openAdminCells } from "./open-admin-cells.ts";
import type { AdminStorage } from "./open-admin-storage.ts";

/** What a command beside the data was asked. */
interface Asked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * What changes something is recorded when it is done by a command beside the data too. What only reads is not: whoever may read the data folder
 * can read everything in it by other means.
 * @returns what records the outcome; undefined where nothing is to be
 * @throws HoldfastError where the keys cannot be opened, before anything is changed
 */
export async function openRecordBeside(storage: AdminStorage, name: RouteName, asked: Asked) {
  const rule = auditRule(name);
  if (rule?.durable !== true) return undefined;
  const key = await openAdminAuditKey(storage);
  return async (outcome: Outcome): Promise<void> => {
    const request = { ...asked, caller: undefined, address: undefined, requestId: undefined, note: undefined };
    const recorded = describeRequest(rule, request, outcome);
    if (recorded === undefined) return;
    await recordByHost(storage, key, recorded.entry);
  };
}

/** Who was at the machine is all that is known of who it was. */
async function recordByHost({ shards }: AdminStorage, key: Uint8Array, entry: AuditEntry): Promise<void> {
  const { username } = userInfo();
  const byHost: AuditEntry = {
    ...entry,
    credential: "host",
    detail: { ...entry.detail, host: hostname(), system_user: username },
  };
  const texts = [{ atMicros: microsOf(byHost), text: JSON.stringify(byHost) }];
  await appendLocked({ db: shards.of(toBucket(0)).db, key, texts }, { onKnown: () => {} });
}

export async function openAdminAuditKey(storage: AdminStorage): Promise<Buffer> {
  return openAuditKey(storage.shards, await openAdminWrapper(storage), storage.random);
}

export async function openAdminWrapper(storage: AdminStorage): Promise<SecretWrapper> {
  const { keyring } = (await openAdminCells(storage)).of(toBucket(0));
  return {
    wrapSecret: async (label, secret) => Buffer.from(await keyring.wrapSecret(label, secret)),
    unwrapSecret: async (label, wrapped) => Buffer.from(await keyring.unwrapSecret(label, wrapped)),
  };
}
