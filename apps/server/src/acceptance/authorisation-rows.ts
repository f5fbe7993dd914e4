import { randomBytes } from "node:crypto";
import { bucketOf, makeId, type MessageId, type TaskId, toBucket, type UserId } from "@holdfast/core/ids";
import type { RouteName } from "@holdfast/protocol/routes";
import { queryDatabase } from "./testing.ts";

export interface Row {
  /** Valid request of the owner, or of the administrator for admin routes. */
  readonly request: (fixture: Fixture) => {
    path?: Record<string, string>;
    query?: Record<string, string>;
    body?: unknown;
    bytes?: Uint8Array;
    headers?: Record<string, string>;
  };
  /**
   * Result of a stranger's valid token for this request. `404`: same as for an unknown id. `own`: an answer about the
   * stranger's data only. `403`: administrators only.
   */
  readonly stranger: "401" | "422" | "404" | "own" | "403" | "open";
  readonly owner: readonly number[];
}

export const stranger = { email: "stranger@example.com", password: "the stranger's password" };

export const unaskedPasskey = { id: "AAAA", response: { clientDataJSON: "AAAA", attestationObject: "AAAA" } };

export interface Fixture {
  readonly folder: string;
  readonly file: string;
  readonly doomed: string;
  readonly trashed: string;
  readonly trashed2: string;
  readonly upload: string;
  readonly upload2: string;
  readonly block: string;
  readonly version: string;
  readonly rewind: string;
  readonly comment: string;
  /** For another folder, to the administrator. */
  readonly transfer: string;
  readonly token: string;
  readonly device: string;
  readonly job: string;
  readonly deadJob: string;
  readonly group: string;
  readonly member: string;
  readonly startToken: string;
  readonly refresh: string;
  /** For another folder, to an address without an account. */
  readonly permission: string;
  readonly webhook: string;
  readonly secret: Uint8Array;
}

export const id = (name: keyof Fixture) => (fixture: Fixture) => ({ path: { id: fixture[name] as string } });
export const plain = () => ({});

export const jobRows = {
  getJob: { request: id("job"), stranger: "404", owner: [200] },
  adminListJobs: { request: () => ({ query: { dead: "true" } }), stranger: "403", owner: [200] },
  adminRetryJob: { request: id("deadJob"), stranger: "403", owner: [200] },
  adminRemoveJob: { request: id("deadJob"), stranger: "403", owner: [204] },
} satisfies Partial<Record<RouteName, Row>>;

export const rewindRows = {
  rewind: {
    request: (f) => ({ path: { id: f.file }, body: { to: new Date().toISOString(), dry_run: true } }),
    stranger: "404",
    owner: [200],
  },
  undoRewind: { request: id("rewind"), stranger: "404", owner: [200] },
} satisfies Partial<Record<RouteName, Row>>;

export const linkRows = {
  startLinkSession: {
    request: () => ({ body: { token: "forged", password: "wrong" } }),
    stranger: "open",
    owner: [401],
  },
  reportLink: {
    request: () => ({ body: { token: "forged", reason: "abuse" } }),
    stranger: "open",
    owner: [204],
  },
  sendReport: {
    request: () => ({ path: { token: "forged" }, bytes: Buffer.from("reason=abuse") }),
    stranger: "open",
    owner: [200],
  },
  adminListReports: { request: plain, stranger: "403", owner: [200] },
  adminResolveReport: {
    request: (f) => ({ path: { id: f.transfer }, body: { action: "none" } }),
    stranger: "403",
    owner: [404],
  },
  showLink: { request: () => ({ path: { token: "forged" } }), stranger: "open", owner: [404] },
  sendToLink: {
    request: () => ({ path: { token: "forged" }, bytes: Buffer.from("password=x") }),
    stranger: "open",
    owner: [404],
  },
  downloadFromLink: { request: (f) => ({ path: { token: "forged", id: f.file } }), stranger: "open", owner: [404] },
  getCurrentLink: { request: plain, stranger: "403", owner: [403] },
  copyFromLink: { request: () => ({ body: { token: "forged", parent_id: "root" } }), stranger: "404", owner: [404] },
} satisfies Partial<Record<RouteName, Row>>;

export const webhookRows = {
  createWebhook: {
    request: (f) => ({ body: { url: "https://example.com/", secret: "s", events: ["edited"], in: f.folder } }),
    stranger: "404",
    owner: [201],
  },
  listWebhooks: { request: plain, stranger: "own", owner: [200] },
  deleteWebhook: { request: id("webhook"), stranger: "404", owner: [204] },
} satisfies Partial<Record<RouteName, Row>>;

export const transferRows = {
  transferNode: {
    request: (f) => ({ path: { id: f.folder }, body: { email: "nobody@example.com" } }),
    stranger: "404",
    owner: [422],
  },
  listTransfers: { request: plain, stranger: "own", owner: [200] },
  // Only the receiver can accept, so the owner counts as a stranger.
  acceptTransfer: { request: id("transfer"), stranger: "404", owner: [404] },
  deleteTransfer: { request: id("transfer"), stranger: "404", owner: [204] },
} satisfies Partial<Record<RouteName, Row>>;

/** One started by the owner, and one waiting for an administrator. */
export async function makeJobs(data: string): Promise<Pick<Fixture, "job" | "deadJob">> {
  const [owner] = await queryDatabase(data, "select id from shard.users where email = 'owner@example.com'");
  const job = makeId<TaskId>(bucketOf(owner?.["id"] as UserId), Date.now(), randomBytes(8));
  const deadJob = makeId<MessageId>(toBucket(0), Date.now(), randomBytes(8));
  await queryDatabase(
    data,
    `insert into shard.tasks (id, user_id, kind, state, result, finished_at)
       values ('${job}', '${owner?.["id"]}', 'test', 'done', '{"answer":"secret"}', 1);
     insert into shard.messages (id, kind, payload, state, due_at, died_at) values ('${deadJob}', 'test', '{}', 'dead', 0, ${Date.now() * 1000})`,
  );
  return { job, deadJob };
}
