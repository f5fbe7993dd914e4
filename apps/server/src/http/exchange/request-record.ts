import type { AuditLog } from "../../audit/audit-log.ts";
import type { AuditRule } from "../route-audit.ts";
import { type AskedRequest, type AuditNote, describeRequest, fieldsOf, type Outcome } from "./describe-request.ts";

/** What one request leaves in the audit: an entry, whatever comes of it, or nothing. */
export class RequestRecord {
  readonly #audit: AuditLog;
  readonly #rule: AuditRule;
  #note: AuditNote | undefined;
  #isOpen = false;

  constructor(audit: AuditLog, rule: AuditRule) {
    this.#audit = audit;
    this.#rule = rule;
  }

  /** @throws HoldfastError unavailable: what could not be recorded is not begun */
  open(): void {
    this.#audit.assertRoom();
    this.#isOpen = true;
  }

  note(note: AuditNote): void {
    this.#note = { ...this.#note, ...note };
  }

  /**
   * Before the answer: what cannot be recorded is not given. Nothing from the second time on.
   * @throws HoldfastError unavailable; it is recorded all the same once that is possible
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

/** Whoever knocks without end gets no entry for each time. */
function isRepeated({ repeats, durable }: AuditRule, query: unknown, result: string): boolean {
  const isCounted = repeats === "pages" ? "cursor" in fieldsOf(query) : repeats === true;
  return isCounted || result === "rate_limited" || (result === "unauthenticated" && durable !== true);
}
