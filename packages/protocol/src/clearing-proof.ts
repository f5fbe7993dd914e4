/** What the proof of a clearing is made over: a device that was revoked is to remove its copies. */
export function clearingWords(facts: {
  readonly device_id: string;
  readonly account_id: string;
  readonly server_id: string;
  readonly asked_at: string;
}): string {
  return ["clear", facts.server_id, facts.account_id, facts.device_id, facts.asked_at].join("\n");
}
