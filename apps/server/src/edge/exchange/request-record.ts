import { limits } from "@holdfast/core/limits";
import type { Recorded } from "../../care/audit/audit-entry.ts";
import type { AuditLog } from "../../care/audit/audit-log.ts";
import type { AuditRule } from "../route-audit.ts";
import { type AskedRequest, type AuditNote, describeRequest, fieldsOf, type Outcome } from "./describe-request.ts";

export class RequestRecord {
  readonly #audit: AuditLog;
  readonly #rule: AuditRule;
  #note: AuditNote | undefined;
  #isOpen = false;

  constructor(audit: AuditLog, rule: AuditRule) {
    this.#audit = audit;
    this.#rule = rule;
  }

  /** @throws HoldfastError unavailable: work that cannot be audited does not start */
  open(): void {
    this.#audit.assertRoom();
    this.#isOpen = true;
  }

  note(note: AuditNote): void {
    this.#note = { ...this.#note, ...note };
  }

  /**
   * Records the request before the response, which is not sent if recording fails. Later calls do nothing.
   * @throws HoldfastError unavailable; the entry is still recorded when that is possible
   */
  async close(asked: Omit<AskedRequest, "note">, outcome: Outcome): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const recorded = describeRequest(this.#rule, { ...asked, note: this.#note }, outcome);
    if (recorded === undefined) return;
    const parts = partsOf(recorded);
    if (isRepeated(this.#rule, asked.query, recorded.entry.result)) {
      for (const part of parts) this.#audit.recordRepeated(part);
    } else if (this.#rule.durable === true) {
      await Promise.all(parts.map((part) => this.#audit.recordDurably(part)));
    } else {
      for (const part of parts) this.#audit.record(part);
    }
  }
}

/**
 * Splits an entry with more nodes than a full batch, so that pages of entries fit in memory. Only the first part has
 * the count.
 */
function partsOf({ bucket, entry }: Recorded): readonly Recorded[] {
  const { node_ids: nodeIds = [], count, ...rest } = entry;
  if (nodeIds.length <= limits.batchOperationsMax) return [{ bucket, entry }];
  return Array.from({ length: Math.ceil(nodeIds.length / limits.batchOperationsMax) }, (_, index) => {
    const start = index * limits.batchOperationsMax;
    const part = { ...rest, node_ids: nodeIds.slice(start, start + limits.batchOperationsMax) };
    return { bucket, entry: index === 0 ? { ...part, count } : part };
  });
}

/** Repeated attempts are counted in place of one entry for each. */
function isRepeated({ repeats, durable }: AuditRule, query: unknown, result: string): boolean {
  const isCounted = repeats === "pages" ? "cursor" in fieldsOf(query) : repeats === true;
  return isCounted || result === "rate_limited" || (result === "unauthenticated" && durable !== true);
}
