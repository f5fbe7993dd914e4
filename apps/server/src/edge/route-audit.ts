import { isId } from "@holdfast/core/ids";
import type { RouteName } from "@holdfast/protocol/routes";

/** Request and response, as far as the route table describes them. `json` is empty for other responses. */
export interface AuditFacts {
  readonly params: Fields;
  readonly query: Fields;
  readonly body: Fields;
  readonly json: Fields;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface AuditRule {
  /** A noun and a verb. */
  readonly action: string;
  /**
   * The response waits until the entry is durable: permissions, sign-ins and administration. Other entries are stored
   * within about a second.
   */
  readonly durable?: true;
  /** Counted within a minute. `pages`: the first page of a list has its own entry, and later ones are counted. */
  readonly repeats?: true | "pages";
  /** Meaning of the path's `id`; a node by default. */
  readonly id?: "target";
  /** Nodes in addition to those in path and response. */
  readonly nodes?: (facts: AuditFacts) => readonly unknown[];
  readonly count?: (facts: AuditFacts) => unknown;
  /** Other useful facts, without secrets. */
  readonly detail?: (facts: AuditFacts) => Fields;
  /** True if nothing was read or changed. */
  readonly isNothing?: (facts: AuditFacts) => boolean;
}

/** Reason for not auditing a route. */
type Unrecorded =
  | "none: health and description"
  | "none: of oneself alone"
  | "none: signals that there is something to ask for";

const ofServer: Unrecorded = "none: health and description";
const ofOneself: Unrecorded = "none: of oneself alone";
const wakes: Unrecorded = "none: signals that there is something to ask for";

type More = Omit<AuditRule, "action" | "durable">;

function reads(action: string, more: More = {}): AuditRule {
  return { action, ...more };
}

/** The journal also has changes of files, and is durable before the response. */
const writes = reads;

function decides(action: string, more: More = {}): AuditRule {
  return { action, durable: true, ...more };
}

const target = { id: "target" } as const;
const itemsOf = ({ json }: AuditFacts) => lengthOf(json["items"]);

/** A member may be named by address, which entries never contain. Then the user id comes from the response. */
function memberOf({ params, json }: AuditFacts): Fields {
  const named = [json["user_id"], params["user_id"]].find((each) => typeof each === "string" && isId(each));
  return named === undefined ? {} : { user_id: named };
}

/** For a sign-in by passkey, alone or in addition to the password. */
function byPasskey({ body }: AuditFacts): Fields {
  return "passkey" in body ? { passkey: true } : {};
}

/** A missing route is a compile error. */
const rules: Readonly<Record<RouteName, AuditRule | Unrecorded>> = {
  createSession: decides("session.start", { detail: byPasskey }),
  createWebSession: decides("session.start", { detail: (facts) => ({ browser: true, ...byPasskey(facts) }) }),
  refreshSession: reads("session.refresh"),
  refreshWebSession: reads("session.refresh"),
  deleteCurrentSession: decides("session.end"),
  deleteWebSession: decides("session.end"),
  proveSession: decides("session.prove", { detail: byPasskey }),
  createAccount: decides("account.create", target),
  readInvitation: reads("invitation.read", { detail: pick("json", "kind") }),
  confirmAddress: decides("account.confirm", target),
  changeAddress: decides("account.change_address"),
  mailConfirmation: writes("account.mail_confirmation"),
  getAccount: ofOneself,
  getUsage: reads("usage.read", { count: ({ json }) => lengthOf(json["largest_versions"]) }),
  exportAccount: decides("account.export"),
  createExportAddress: decides("account.export_address"),
  openExportAddress: decides("account.export"),
  deleteAccount: decides("account.leave"),
  updateAccount: writes("account.change", { ...target, detail: changed }),
  changePassword: decides("password.change"),
  mailPasswordReset: decides("password.reset_mail"),
  resetPassword: decides("password.reset", { detail: pick("body", "end_passkeys", "end_outside") }),
  getSecondFactor: ofOneself,
  prepareSecondFactor: decides("second_factor.prepare"),
  confirmSecondFactor: decides("second_factor.confirm"),
  renewRecoveryCodes: decides("second_factor.renew_codes"),
  endSecondFactor: decides("second_factor.end"),
  getOwnAddresses: ofOneself,
  setOwnAddresses: decides("addresses.set", { detail: pick("body", "addresses") }),
  adminListAccessRules: reads("access_rule.list", { count: itemsOf }),
  adminChangeAccessRule: decides("access_rule.change", {
    detail: ({ body, json }) => ({ ...some(json, ["of", "id"]), ...some(body, ["second_factor", "addresses"]) }),
  }),
  listPasskeys: ofOneself,
  preparePasskey: decides("passkey.prepare"),
  confirmPasskey: decides("passkey.add"),
  renamePasskey: decides("passkey.rename", target),
  removePasskey: decides("passkey.remove", target),
  preparePasskeySignIn: ofOneself,
  readSignInWays: ofOneself,
  beginOutsideSignIn: reads("outside_sign_in.begin"),
  finishOutside: reads("outside_sign_in.answer", { detail: pick("json", "use") }),
  createOutsideWebSession: decides("session.start", {
    detail: (facts) => ({ browser: true, outside: true, ...byPasskey(facts) }),
  }),
  beginOutsideProof: reads("outside_proof.begin"),
  confirmOutsideProof: decides("session.prove", { detail: (facts) => ({ outside: true, ...byPasskey(facts) }) }),
  listOutsideIdentities: ofOneself,
  beginOutsideLink: decides("outside_identity.prepare"),
  confirmOutsideLink: decides("outside_identity.add", target),
  removeOutsideIdentity: decides("outside_identity.remove", target),
  adminListOauthClients: reads("oauth_client.list", { count: itemsOf }),
  adminAddOauthClient: decides("oauth_client.add", {
    detail: ({ json, body }) => ({ client_id: json["id"], ...some(body, ["name", "scopes", "public"]) }),
  }),
  adminRemoveOauthClient: decides("oauth_client.delete", { detail: ({ params }) => ({ client_id: params["id"] }) }),
  listAuthorizedPrograms: reads("program.list"),
  removeAuthorizedProgram: decides("program.delete", target),
  readProgramRequest: ofOneself,
  answerProgramRequest: decides("program.answer", { detail: pick("body", "allow", "admin") }),
  readDeviceRequest: ofOneself,
  answerDeviceRequest: decides("device.answer", { detail: pick("body", "allow", "admin") }),
  readSignOutRequest: ofOneself,
  startDeviceLogin: ofOneself,
  finishDeviceLogin: decides("session.start", {
    detail: () => ({ by: "device" }),
    isNothing: ({ json }) => !("access_token" in json),
  }),
  createToken: decides("token.create", { ...target, detail: pick("body", "scopes", "expires_at") }),
  createAppPassword: decides("app_password.create", {
    ...target,
    nodes: ({ body }) => [body["folder_id"]],
    detail: pick("body", "scopes", "expires_at"),
  }),
  listTokens: reads("token.list"),
  deleteToken: decides("token.delete", target),
  listDevices: reads("device.list"),
  deleteDevice: decides("device.delete", { ...target, detail: pick("query", "remove_copies") }),
  readClearing: decides("device.read_clearing"),
  queryClearing: decides("device.query_clearing", { count: ({ body }) => lengthOf(body["content_ids"]) }),
  reportClearing: decides("device.clear", { detail: pick("body", "removed", "kept") }),
  resumeDevice: decides("device.resume", target),
  adminResumeDevice: decides("device.resume", target),
  deleteDevices: decides("device.delete_all", { detail: pick("query", "keep") }),
  adminListUsers: reads("user.list", { count: itemsOf }),
  adminCreateUser: decides("user.create", { ...target, detail: pick("body", "admin", "plan", "quota_bytes") }),
  adminUpdateUser: decides("user.change", {
    ...target,
    detail: ({ body }) => ({
      ...some(body, [
        "disabled",
        "admin",
        "confirmed",
        "plan",
        "quota_bytes",
        "second_factor",
        "end_passkeys",
        "end_outside",
      ]),
      ...("password" in body ? { password: "replaced" } : {}),
    }),
  }),
  adminInvite: decides("invitation.create", { ...target, detail: pick("body", "plan", "quota_bytes") }),
  adminListInvitations: reads("invitation.list", { count: itemsOf }),
  adminRemoveInvitation: decides("invitation.delete", target),
  adminListPlans: reads("plan.list"),
  adminShredUser: decides("user.shred", { ...target, detail: pick("body", "dry_run") }),
  adminGetShredding: reads("shredding.read", { ...target, repeats: true }),
  adminStartScrub: decides("scrub.start"),
  adminGetScrub: reads("scrub.read", { repeats: true }),
  adminRebuildIndex: decides("index.rebuild"),
  adminGetRebuild: reads("rebuild.read", { repeats: true }),
  adminGetStorage: reads("storage.read", { repeats: true }),
  adminListShards: reads("shard.list", { count: itemsOf, repeats: true }),
  adminAddShard: decides("shard.add", { detail: pick("body", "name") }),
  adminRenewEpochs: decides("shard.renew_epochs", { detail: pick("body", "names", "dry_run") }),
  adminMoveBuckets: decides("shard.move", { detail: pick("body", "buckets", "to", "dry_run") }),
  adminCancelMove: decides("shard.cancel_move"),
  adminCollect: decides("collection.run", { detail: pick("body", "dry_run", "unfinished") }),
  adminGetCollection: reads("collection.read", { repeats: true }),
  adminGetCopies: reads("copies.read", { repeats: true }),
  adminVerifyCopies: decides("copies.verify"),
  adminGetBackups: reads("backups.read", { repeats: true }),
  adminListSettings: reads("settings.read"),
  adminRotateKeys: decides("keys.rotate", { detail: pick("json", "rotated", "key_fingerprint") }),
  adminDoctor: reads("doctor.run", { detail: pick("query", "recent") }),
  adminListAudit: reads("audit.read", {
    detail: pick("query", "from", "to", "cursor"),
    // Cursors are not encrypted, so a caller may request a later page without the first.
    repeats: "pages",
  }),
  adminVerifyAudit: reads("audit.verify", { detail: pick("json", "ok") }),
  adminListJobs: reads("job.list", { count: itemsOf }),
  adminRetryJob: decides("job.retry", target),
  adminRemoveJob: decides("job.delete", target),
  adminListReports: reads("report.list", { count: itemsOf }),
  adminResolveReport: decides("report.resolve", { ...target, detail: pick("body", "action") }),
  unsentLinks: decides("unsent_links.list", { count: itemsOf }),
  createGroup: decides("group.create", target),
  listGroups: reads("group.list", { count: itemsOf }),
  updateGroup: decides("group.change", { ...target, detail: pick("body", "plan") }),
  deleteGroup: decides("group.delete", target),
  listGroupMembers: reads("group.members", { ...target, count: itemsOf }),
  setGroupMember: decides("group.add", {
    ...target,
    detail: (facts) => ({ ...memberOf(facts), ...pick("body", "role")(facts) }),
  }),
  removeGroupMember: decides("group.remove", { ...target, detail: memberOf }),
  findPeople: reads("people.find", { count: itemsOf }),
  createWebhook: decides("webhook.create", {
    ...target,
    nodes: ({ body }) => [body["in"]],
    detail: pick("body", "events"),
  }),
  listWebhooks: reads("webhook.list"),
  deleteWebhook: decides("webhook.delete", target),
  lookUpPath: reads("file.look"),
  getNode: reads("file.look"),
  queryNodes: reads("file.query", {
    nodes: ({ body }) => listOf(body["ids"]),
    count: ({ body }) => lengthOf(body["ids"]),
  }),
  listFolder: reads("folder.list", { count: itemsOf, detail: pick("query", "recursive") }),
  listVersions: reads("version.list", { count: itemsOf }),
  labelVersion: writes("version.label", { detail: pick("params", "number") }),
  /** The journal does not contain it. */
  pruneVersions: decides("version.prune", {
    count: ({ json }) => json["removed"],
    detail: pick("body", "keep"),
    isNothing: ({ body }) => body["dry_run"] === true,
  }),
  restoreVersion: writes("version.restore", { detail: pick("query", "version") }),
  createNode: writes("file.create", { detail: pick("body", "kind") }),
  updateNode: writes("file.change", { detail: changed }),
  deleteNode: writes("file.delete", { detail: pick("query", "permanent") }),
  copyNode: writes("file.copy", { nodes: ({ body }) => [body["parent_id"]] }),
  listTrash: reads("trash.list", { nodes: ({ query }) => [query["in"]], count: itemsOf }),
  restoreFromTrash: writes("trash.restore"),
  emptyTrash: writes("trash.empty", { count: ({ json }) => json["purged"] }),
  purgeFromTrash: writes("trash.purge"),
  starNode: writes("star.set"),
  unstarNode: writes("star.end"),
  listStarred: reads("star.list", { count: itemsOf }),
  listRecent: reads("recent.list", { count: itemsOf }),
  search: reads("search", { count: itemsOf }),
  getStartToken: ofOneself,
  listChanges: reads("changes.read", {
    count: ({ json }) => lengthOf(json["changes"]),
    isNothing: ({ json }) => lengthOf(json["changes"]) === 0,
  }),
  getSnapshot: reads("snapshot.read", { count: itemsOf }),
  pollChanges: wakes,
  pollEvents: wakes,
  rewind: writes("rewind.start", { detail: pick("body", "to", "dry_run") }),
  undoRewind: writes("rewind.undo", target),
  upload: writes("file.write"),
  putUpload: writes("file.write", { ...target, repeats: true }),
  postUpload: writes("file.write", { ...target, repeats: true }),
  getUpload: reads("upload.read", { ...target, repeats: true }),
  deleteUpload: writes("upload.delete", target),
  commitUpload: writes("file.write", target),
  download: reads("file.read", { repeats: true, detail: pick("query", "version") }),
  createSignedUrls: reads("file.sign", { nodes: signedNodes }),
  openSignedUrl: reads("file.read", { repeats: true }),
  getThumb: reads("thumb.read", { repeats: true }),
  getManifest: reads("manifest.read", { detail: pick("query", "version", "base") }),
  queryManifests: reads("manifest.read", {
    count: ({ body }) => lengthOf(body["version_ids"]),
    detail: pick("body", "version_ids"),
  }),
  syncFile: writes("file.write"),
  syncDelta: writes("file.batch"),
  listDamaged: reads("damaged.list", { count: itemsOf }),
  queryBlocks: reads("block.query", {
    nodes: ({ body }) => [body["into"]],
    count: ({ body }) => lengthOf(body["hashes"]),
  }),
  putBlocks: writes("block.write", { nodes: intoOf, count: ({ json }) => json["stored"] }),
  discardBlocks: writes("block.discard", {
    nodes: ({ body }) => [body["into"]],
    count: ({ json }) => json["discarded"],
  }),
  putBlock: writes("block.write", { nodes: intoOf, detail: pick("params", "hash") }),
  getBlock: reads("block.read", { repeats: true, detail: pick("params", "hash") }),
  fetchBlocks: reads("block.read"),
  createBlockUploadUrl: writes("block.sign", { nodes: ({ body }) => [body["into"]], detail: pick("body", "hash") }),
  putSignedBlock: writes("block.write", { detail: pick("json", "hash") }),
  shareNode: decides("permission.create", {
    detail: (facts) => ({
      permission_id: facts.json["id"],
      ...pick("body", "user_id", "group_id", "link", "role", "expires_at", "max_downloads")(facts),
      ...withPassword(facts),
    }),
  }),
  listPermissions: reads("permission.list", { count: itemsOf }),
  updatePermission: decides("permission.change", {
    ...target,
    nodes: ({ json }) => [json["node_id"]],
    detail: (facts) => ({ ...pick("body", "role", "expires_at", "max_downloads")(facts), ...withPassword(facts) }),
  }),
  readLinkAddress: decides("permission.read_link", target),
  deletePermission: decides("permission.delete", target),
  listSharedWithMe: reads("share.list", { count: itemsOf }),
  listSharedByMe: reads("share.list", { count: itemsOf }),
  createMount: writes("mount.create", { nodes: ({ body }) => [body["node_id"]] }),
  startLinkSession: decides("link.open"),
  getCurrentLink: reads("link.read"),
  copyFromLink: writes("link.copy", { nodes: ({ body }) => [body["parent_id"], body["file_id"]] }),
  showLink: reads("link.open", { repeats: true, nodes: ({ query }) => [query["in"]] }),
  sendToLink: decides("link.open", { nodes: ({ query }) => [query["in"]] }),
  downloadFromLink: reads("file.read", { repeats: true }),
  reportLink: writes("link.report"),
  sendReport: writes("link.report"),
  transferNode: decides("transfer.create"),
  listTransfers: reads("transfer.list", { count: itemsOf }),
  acceptTransfer: decides("transfer.accept", target),
  deleteTransfer: decides("transfer.delete", target),
  listComments: reads("comment.list", { count: itemsOf }),
  createComment: writes("comment.create"),
  updateComment: writes("comment.change", target),
  deleteComment: writes("comment.delete", target),
  resolveComment: writes("comment.resolve", target),
  listActivity: reads("activity.list", { nodes: ({ query }) => [query["in"]], count: itemsOf }),
  listNotifications: reads("notification.list", { count: itemsOf }),
  readNotifications: ofOneself,
  getWatch: ofOneself,
  watchNode: writes("watch.set"),
  unwatchNode: writes("watch.end"),
  getJob: ofOneself,
  askUnsubscribe: ofOneself,
  unsubscribe: writes("mail.unsubscribe"),
  live: ofServer,
  ready: ofServer,
  metrics: ofServer,
  openapi: ofServer,
  docs: ofServer,
  home: ofServer,
  reportPolicy: ofServer,
  setupPage: ofServer,
};

export function auditRule(name: RouteName): AuditRule | undefined {
  const rule = rules[name];
  return typeof rule === "string" ? undefined : rule;
}

function pick(from: keyof AuditFacts, ...names: readonly string[]): (facts: AuditFacts) => Fields {
  return (facts) => some(facts[from], names);
}

function some(fields: Fields, names: readonly string[]): Fields {
  const given = names.filter((name) => fields[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, fields[name]]));
}

/** Names of the changed fields. The new name is in the response, and other values say little. */
function changed({ body }: AuditFacts): Fields {
  return { changed: Object.keys(body) };
}

function withPassword({ body }: AuditFacts): Fields {
  if (body["password"] === undefined) return {};
  return { password: body["password"] === null ? "removed" : "set" };
}

function signedNodes({ body }: AuditFacts): readonly unknown[] {
  return "ids" in body ? listOf(body["ids"]) : listOf(body["items"]).map((item) => (item as Fields)["id"]);
}

function intoOf({ query }: AuditFacts): readonly unknown[] {
  return [query["into"]];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function lengthOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}
