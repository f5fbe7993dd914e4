/** Returns the signed text of a clearing order, by which a revoked device must remove its copies. */
export function clearingWords(facts: {
  readonly device_id: string;
  readonly account_id: string;
  readonly server_id: string;
  readonly asked_at: string;
}): string {
  return ["clear", facts.server_id, facts.account_id, facts.device_id, facts.asked_at].join("\n");
}
