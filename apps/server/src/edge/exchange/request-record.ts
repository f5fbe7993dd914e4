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
    if (isRepeated(this.#rule, asked.query, recorded.entry.result)) this.#audit.recordRepeated(recorded);
    else if (this.#rule.durable === true) await this.#audit.recordDurably(recorded);
    else this.#audit.record(recorded);
  }
}

/** Repeated attempts are counted in place of one entry for each. */
function isRepeated({ repeats, durable }: AuditRule, query: unknown, result: string): boolean {
  const isCounted = repeats === "pages" ? "cursor" in fieldsOf(query) : repeats === true;
  return isCounted || result === "rate_limited" || (result === "unauthenticated" && durable !== true);
}
