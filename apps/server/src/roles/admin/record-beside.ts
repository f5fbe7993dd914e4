import { hostname, userInfo } from "node:os";
import { toBucket } from "@holdfast/core/ids";
import type { RouteName } from "@holdfast/protocol/routes";
import { openAuditKey, type SecretWrapper } from "../../features/accounts/context/server-secrets.ts";
import { appendLocked } from "../../care/audit/append-entries.ts";
import { type AuditEntry, microsOf } from "../../care/audit/audit-entry.ts";
import { describeRequest, type Outcome } from "../../edge/exchange/describe-request.ts";
import { auditRule } from "../../edge/route-audit.ts";
import { openAdminCells } from "../../care/admin-storage/open-admin-cells.ts";
import type { AdminStorage } from "../../care/admin-storage/open-admin-storage.ts";

interface Asked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * Reads are not audited, because anyone who can read the data folder can read its content by other means.
 * @returns a function that records the outcome; undefined if nothing is audited
 * @throws HoldfastError if the keys cannot be opened, before any change
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

/** Only the machine's user is known. */
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
