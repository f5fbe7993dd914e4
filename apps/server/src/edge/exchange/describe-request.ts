import { bucketOf, isId, toBucket, type UserId } from "@holdfast/core/ids";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { AuditEntry, Recorded } from "../../care/audit/audit-entry.ts";
import type { AuditFacts, AuditRule, Fields } from "../route-audit.ts";

/** Only a handler knows these facts. Facts noted before an error also apply to the rejected request. */
export interface AuditNote {
  /** Caller that the handler identified, for routes without a token. */
  readonly caller?: Pick<Caller, "userId" | "deviceId" | "credential" | "rootId" | "ofAccount"> | undefined;
  /** Account whose password was tried. */
  readonly userId?: UserId | undefined;
  readonly deviceId?: string | undefined;
  readonly action?: string | undefined;
  readonly nodeIds?: readonly string[] | undefined;
  readonly target?: string | undefined;
  readonly count?: number | undefined;
  readonly detail?: Fields | undefined;
  /** Nothing was read or changed, and no attempt is worth an entry. */
  readonly isNothing?: boolean | undefined;
}

export interface AskedRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly caller: AuditNote["caller"];
  /** undefined: the request did not arrive by a connection */
  readonly address: string | undefined;
  readonly requestId: string | undefined;
  readonly note: AuditNote | undefined;
}

export interface Outcome {
  readonly json?: unknown;
  readonly status: number;
  readonly code?: string | undefined;
}

/** @returns undefined if nothing was read or changed */
export function describeRequest(rule: AuditRule, asked: AskedRequest, outcome: Outcome): Recorded | undefined {
  const { note = {} } = asked;
  const facts = {
    params: fieldsOf(asked.params),
    query: fieldsOf(asked.query),
    body: fieldsOf(asked.body),
    json: fieldsOf(outcome.json),
  };
  if (note.isNothing === true) return undefined;
  const result = resultOf(outcome);
  if (result === "ok" && rule.isNothing?.(facts) === true) return undefined;
  const caller = note.caller ?? asked.caller;
  const detail = present({ ...rule.detail?.(facts), ...note.detail });
  const count = note.count ?? rule.count?.(facts);
  const entry: AuditEntry = {
    at: new Date().toISOString(),
    action: note.action ?? rule.action,
    result,
    ...whoOf(caller, note),
    address: asked.address,
    request_id: asked.requestId,
    node_ids: nodesOf(rule, facts, { ...note, caller }),
    target: note.target ?? targetOf(rule, facts),
    count: typeof count === "number" ? count : undefined,
    detail,
  };
  return { bucket: bucketFor(entry), entry };
}

/** Pages for people report an error only by the status. */
function resultOf({ status, code }: Outcome): string {
  if (code !== undefined) return code;
  return status < 400 ? "ok" : (codes.get(status) ?? "failed");
}

const codes: ReadonlyMap<number, string> = new Map([
  [401, "unauthenticated"],
  [403, "forbidden"],
  [404, "not_found"],
  [409, "conflict"],
  [429, "rate_limited"],
]);

function whoOf(caller: AuditNote["caller"], { userId, deviceId }: AuditNote) {
  if (caller === undefined) return { user_id: userId, device_id: deviceId };
  const { kind, id } = caller.credential;
  return {
    // A link is its own caller and has no account.
    user_id: kind === "link" ? caller.ofAccount : caller.userId,
    credential: kind,
    credential_id: id,
    device_id: deviceId ?? caller.deviceId ?? undefined,
  };
}

function nodesOf(rule: AuditRule, facts: AuditFacts, note: AuditNote): readonly string[] | undefined {
  const { params, json } = facts;
  const ids = [
    rule.id === "target" ? undefined : params["id"],
    ...(rule.nodes?.(facts) ?? []),
    ...(note.nodeIds ?? []),
    isNode(json) ? json["id"] : fieldsOf(json["node"])["id"],
  ].filter((id): id is string => typeof id === "string" && id.length <= idLengthMax);
  const rootId = note.caller?.rootId;
  return ids.length === 0 ? undefined : [...new Set(ids.map((id) => (id === "root" ? (rootId ?? id) : id)))];
}

/** Longer values are no ids. */
const idLengthMax = 64;

function targetOf(rule: AuditRule, { params, json }: AuditFacts): string | undefined {
  if (rule.id !== "target") return undefined;
  const said = text(params["id"]);
  if (isNode(json)) return said;
  // Administrators may use addresses, but entries identify people only by id.
  return text(json["id"]) ?? text(json["user_id"]) ?? (said?.includes("@") === true ? undefined : said);
}

function isNode(json: Fields): boolean {
  return typeof json["id"] === "string" && "parent_id" in json && "kind" in json;
}

/** Falls back from the account to the link, then to the first bucket. */
function bucketFor({ user_id, credential_id }: AuditEntry) {
  const id = user_id ?? credential_id;
  return id !== undefined && isId(id) ? bucketOf(id as UserId) : toBucket(0);
}

function present(fields: Fields): Fields | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
