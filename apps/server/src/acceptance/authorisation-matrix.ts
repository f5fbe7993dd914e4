import type { RouteName } from "@holdfast/protocol/routes";
import { groupRows } from "./authorisation-groups.ts";
import { oauthRows } from "./authorisation-oauth.ts";
import {
  id,
  jobRows,
  linkRows,
  plain,
  rewindRows,
  type Row,
  stranger,
  transferRows,
  unaskedPasskey,
  webhookRows,
} from "./authorisation-rows.ts";

/**
 * Every route, called by the owner, a stranger and without a token. Also called with forged, expired and revoked
 * tokens, and with one without the scope. Each route needs a row here to compile.
 */
export type Matrix = { readonly [Name in RouteName]: Row };

export const matrix: Matrix = {
  createSession: {
    request: () => ({ body: { email: "nobody@example.com", password: "wrong password" } }),
    stranger: "open",
    owner: [401],
  },
  refreshSession: { request: (f) => ({ body: { refresh_token: f.refresh } }), stranger: "open", owner: [200] },
  readInvitation: { request: () => ({ body: { token: "hfi_000_forged" } }), stranger: "open", owner: [404] },
  createAccount: {
    request: () => ({ body: { email: "new@example.com", password: "long enough", name: "New" } }),
    stranger: "open",
    owner: [403],
  },
  confirmAddress: { request: () => ({ body: { token: "hfc_forged" } }), stranger: "422", owner: [422] },
  changeAddress: {
    request: () => ({ body: { email: "elsewhere@example.com", password: "wrong for everybody" } }),
    stranger: "422",
    owner: [422],
  },
  mailConfirmation: { request: plain, stranger: "own", owner: [202] },
  // Wrong for all callers.
  deleteAccount: { request: () => ({ body: { password: "wrong for everybody" } }), stranger: "422", owner: [422] },
  createExportAddress: { request: () => ({ body: {} }), stranger: "own", owner: [200] },
  openExportAddress: { request: () => ({ path: { grant: "forged" } }), stranger: "open", owner: [401] },
  exportAccount: { request: plain, stranger: "own", owner: [200] },
  getAccount: { request: plain, stranger: "own", owner: [200] },
  getUsage: { request: plain, stranger: "own", owner: [200] },
  updateAccount: { request: () => ({ body: { language: "de" } }), stranger: "own", owner: [200] },
  changePassword: {
    // Valid for the stranger, wrong for the owner.
    request: () => ({ body: { current_password: stranger.password, new_password: stranger.password } }),
    stranger: "own",
    owner: [422],
  },
  mailPasswordReset: { request: () => ({ body: { email: "nobody@example.com" } }), stranger: "open", owner: [202] },
  resetPassword: {
    request: () => ({ body: { token: "hfw_forged", new_password: "long enough" } }),
    stranger: "open",
    owner: [422],
  },
  // Nothing is prepared yet.
  confirmSecondFactor: { request: () => ({ body: { totp: "000000" } }), stranger: "own", owner: [409] },
  getSecondFactor: { request: plain, stranger: "own", owner: [200] },
  // The passwords are the stranger's. They are wrong for the owner, whose second factor is off.
  prepareSecondFactor: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [422] },
  renewRecoveryCodes: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [422] },
  endSecondFactor: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [422] },
  proveSession: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [422] },
  getOwnAddresses: { request: plain, stranger: "own", owner: [200] },
  setOwnAddresses: {
    request: () => ({ body: { password: stranger.password, addresses: [] } }),
    stranger: "own",
    owner: [422],
  },
  adminListAccessRules: { request: plain, stranger: "403", owner: [200] },
  adminChangeAccessRule: { request: () => ({ body: {} }), stranger: "403", owner: [200] },
  // Impossible at a numeric address.
  listPasskeys: { request: plain, stranger: "own", owner: [200] },
  preparePasskey: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [409] },
  confirmPasskey: {
    request: () => ({ body: { name: "Key", passkey: unaskedPasskey } }),
    stranger: "own",
    owner: [409],
  },
  renamePasskey: { request: () => ({ path: { id: "none" }, body: { name: "Key" } }), stranger: "404", owner: [404] },
  removePasskey: {
    request: () => ({ path: { id: "none" }, body: { password: stranger.password } }),
    stranger: "404",
    owner: [422],
  },
  preparePasskeySignIn: { request: () => ({ body: {} }), stranger: "open", owner: [409] },
  ...oauthRows,
  createToken: { request: () => ({ body: { name: "t", scopes: ["files:read"] } }), stranger: "own", owner: [201] },
  // The stranger's password, wrong for the owner.
  createAppPassword: {
    request: () => ({ body: { name: "t", scopes: ["files:read"], password: stranger.password } }),
    stranger: "own",
    owner: [422],
  },
  listTokens: { request: plain, stranger: "own", owner: [200] },
  deleteToken: { request: id("token"), stranger: "404", owner: [204] },
  listDevices: { request: plain, stranger: "own", owner: [200] },
  resumeDevice: { request: id("device"), stranger: "404", owner: [404] },
  adminResumeDevice: { request: id("device"), stranger: "403", owner: [404] },
  queryClearing: {
    request: () => ({ body: { device_secret: "hfd_forged", content_ids: [] } }),
    stranger: "open",
    owner: [404],
  },
  readClearing: { request: () => ({ body: { device_secret: "hfd_forged" } }), stranger: "open", owner: [404] },
  reportClearing: {
    request: () => ({ body: { device_secret: "hfd_forged", removed: 0, kept: 0 } }),
    stranger: "open",
    owner: [404],
  },
  deleteDevice: { request: id("device"), stranger: "404", owner: [204] },
  ...groupRows,
  adminListUsers: { request: plain, stranger: "403", owner: [200] },
  adminCreateUser: {
    request: () => ({ body: { email: "made@example.com", password: "long enough" } }),
    stranger: "403",
    owner: [201],
  },
  adminUpdateUser: {
    request: () => ({ path: { id: "made@example.com" }, body: { disabled: true } }),
    stranger: "403",
    owner: [200],
  },
  adminInvite: { request: () => ({ body: {} }), stranger: "403", owner: [201] },
  adminListInvitations: { request: plain, stranger: "403", owner: [200] },
  adminRemoveInvitation: { request: () => ({ path: { id: "0".repeat(64) } }), stranger: "403", owner: [404] },
  adminGetStorage: { request: plain, stranger: "403", owner: [200] },
  adminListShards: { request: plain, stranger: "403", owner: [200] },
  adminGetBackups: { request: plain, stranger: "403", owner: [200] },
  adminListSettings: { request: plain, stranger: "403", owner: [200] },
  adminRotateKeys: { request: () => ({ body: { data_key: true } }), stranger: "403", owner: [200] },
  adminDoctor: { request: plain, stranger: "403", owner: [200] },
  adminListAudit: { request: plain, stranger: "403", owner: [200] },
  adminVerifyAudit: { request: () => ({ body: {} }), stranger: "403", owner: [200] },
  adminCollect: { request: () => ({ body: { dry_run: true } }), stranger: "403", owner: [200] },
  adminGetCopies: { request: plain, stranger: "403", owner: [200] },
  adminVerifyCopies: { request: plain, stranger: "403", owner: [202] },
  adminShredUser: {
    request: () => ({ path: { id: "made@example.com" }, body: { dry_run: true } }),
    stranger: "403",
    owner: [202],
  },
  adminGetShredding: { request: () => ({ path: { id: "made@example.com" } }), stranger: "403", owner: [404] },
  ...webhookRows,
  adminListPlans: { request: plain, stranger: "403", owner: [200] },
  adminStartScrub: { request: plain, stranger: "403", owner: [202] },
  adminGetScrub: { request: plain, stranger: "403", owner: [200] },
  adminRebuildIndex: { request: plain, stranger: "403", owner: [200] },

  // Precedes the calls that destroy the fixture.
  ...rewindRows,
  ...transferRows,
  shareNode: {
    request: (f) => ({ path: { id: f.folder }, body: { email: "somebody@example.com", role: "viewer" } }),
    stranger: "404",
    owner: [201],
  },
  listPermissions: { request: id("folder"), stranger: "404", owner: [200] },
  updatePermission: {
    request: (f) => ({ path: { id: f.permission }, body: { role: "commenter" } }),
    stranger: "404",
    owner: [200],
  },
  // A permission of a person is not a link.
  readLinkAddress: { request: id("permission"), stranger: "404", owner: [422] },
  deletePermission: { request: id("permission"), stranger: "404", owner: [204] },
  listSharedWithMe: { request: plain, stranger: "own", owner: [200] },
  listSharedByMe: { request: plain, stranger: "own", owner: [200] },
  // One's own folders cannot be mounted.
  createMount: { request: (f) => ({ body: { node_id: f.folder } }), stranger: "404", owner: [422] },

  ...linkRows,

  lookUpPath: { request: () => ({ query: { path: "/secret folder" } }), stranger: "404", owner: [200] },
  createNode: {
    request: (f) => ({ body: { parent_id: f.folder, name: "made", kind: "folder" } }),
    stranger: "404",
    owner: [201],
  },
  getNode: { request: id("file"), stranger: "404", owner: [200] },
  updateNode: { request: (f) => ({ path: { id: f.file }, body: { name: "renamed" } }), stranger: "404", owner: [200] },
  deleteNode: { request: id("doomed"), stranger: "404", owner: [200] },
  copyNode: {
    request: (f) => ({ path: { id: f.file }, body: { parent_id: "root", name: "stolen" } }),
    stranger: "404",
    owner: [201],
  },
  listFolder: { request: id("folder"), stranger: "404", owner: [200] },
  listVersions: { request: id("file"), stranger: "404", owner: [200] },
  labelVersion: {
    request: (f) => ({ path: { id: f.file, number: "1" }, body: { label: "stolen" } }),
    stranger: "404",
    owner: [200],
  },
  pruneVersions: {
    request: (f) => ({ path: { id: f.file }, body: { keep: 1, dry_run: true } }),
    stranger: "404",
    owner: [200],
  },
  starNode: { request: id("file"), stranger: "404", owner: [204] },
  unstarNode: { request: id("file"), stranger: "404", owner: [204] },
  listStarred: { request: plain, stranger: "own", owner: [200] },
  listRecent: { request: plain, stranger: "own", owner: [200] },
  search: { request: () => ({ query: { q: "name" } }), stranger: "own", owner: [200] },
  restoreVersion: {
    request: (f) => ({ path: { id: f.file }, query: { version: "1" } }),
    stranger: "404",
    owner: [200],
  },
  listComments: { request: id("file"), stranger: "404", owner: [200] },
  createComment: {
    request: (f) => ({ path: { id: f.file }, body: { text: "said" } }),
    stranger: "404",
    owner: [201],
  },
  updateComment: {
    request: (f) => ({ path: { id: f.comment }, body: { text: "said otherwise" } }),
    stranger: "404",
    owner: [200],
  },
  resolveComment: { request: (f) => ({ path: { id: f.comment }, body: {} }), stranger: "404", owner: [200] },
  deleteComment: { request: id("comment"), stranger: "404", owner: [204] },
  listActivity: { request: plain, stranger: "own", owner: [200] },
  listNotifications: { request: plain, stranger: "own", owner: [200] },
  readNotifications: { request: () => ({ body: { up_to: "2030-01-01T00:00:00Z" } }), stranger: "own", owner: [200] },
  getWatch: { request: id("file"), stranger: "404", owner: [200] },
  watchNode: { request: id("file"), stranger: "404", owner: [204] },
  unwatchNode: { request: id("file"), stranger: "404", owner: [204] },
  listTrash: { request: plain, stranger: "own", owner: [200] },
  restoreFromTrash: { request: (f) => ({ path: { id: f.trashed }, body: {} }), stranger: "404", owner: [200] },
  purgeFromTrash: { request: id("trashed2"), stranger: "404", owner: [204] },
  ...rewindRows,
  emptyTrash: { request: plain, stranger: "own", owner: [200] },
  getStartToken: { request: plain, stranger: "own", owner: [200] },
  // A token of another view gets the answer for another server's.
  listChanges: { request: (f) => ({ query: { since_token: f.startToken } }), stranger: "own", owner: [200] },
  getSnapshot: { request: plain, stranger: "own", owner: [200] },
  pollChanges: {
    request: (f) => ({ query: { since_token: f.startToken }, headers: { timeout: "1" } }),
    stranger: "own",
    owner: [200],
  },
  pollEvents: {
    request: (f) => ({ query: { since_token: f.startToken }, headers: { timeout: "1" } }),
    stranger: "own",
    owner: [200],
  },
  queryNodes: { request: (f) => ({ body: { ids: [f.file, f.trashed] } }), stranger: "own", owner: [200] },

  upload: {
    request: (f) => ({ query: { uploadType: "media", parent_id: f.folder, name: "new" }, bytes: Buffer.from("x") }),
    stranger: "404",
    owner: [201],
  },
  putUpload: {
    request: (f) => ({
      path: { id: f.upload },
      headers: { "content-range": "bytes 3-5/6" },
      bytes: Buffer.from("def"),
    }),
    stranger: "404",
    owner: [200, 201],
  },
  postUpload: {
    request: (f) => ({ path: { id: f.upload }, headers: { "content-range": "bytes */6" }, bytes: new Uint8Array(0) }),
    stranger: "404",
    owner: [200, 201],
  },
  getUpload: { request: id("upload"), stranger: "404", owner: [200] },
  commitUpload: { request: (f) => ({ path: { id: f.upload }, body: {} }), stranger: "404", owner: [200, 201] },
  deleteUpload: { request: id("upload2"), stranger: "404", owner: [204] },
  download: { request: id("file"), stranger: "404", owner: [200] },
  createSignedUrls: {
    request: (f) => ({ body: { items: [{ id: f.file, use: "media" }] } }),
    stranger: "404",
    owner: [200],
  },
  openSignedUrl: { request: () => ({ path: { grant: "forged" } }), stranger: "open", owner: [401] },
  getThumb: {
    request: () => ({ path: { content_id: "0".repeat(64), size: "s" }, query: { t: "forged" } }),
    stranger: "open",
    owner: [401],
  },
  getManifest: { request: id("file"), stranger: "404", owner: [200] },
  queryManifests: { request: (f) => ({ body: { version_ids: [f.version] } }), stranger: "own", owner: [200] },
  syncFile: {
    request: (f) => ({ path: { id: f.file }, body: { current_version: f.version, new_block_hashes: [f.block] } }),
    stranger: "404",
    owner: [200, 409],
  },
  listDamaged: { request: plain, stranger: "own", owner: [200] },
  queryBlocks: { request: (f) => ({ body: { hashes: [f.block] } }), stranger: "own", owner: [200] },
  discardBlocks: { request: (f) => ({ body: { hashes: [], into: f.folder } }), stranger: "404", owner: [200] },
  putBlocks: {
    request: (f) => ({ query: { into: f.folder }, bytes: new Uint8Array(0) }),
    stranger: "404",
    owner: [200],
  },
  putBlock: {
    request: (f) => ({ path: { hash: f.block }, query: { into: f.folder }, bytes: f.secret }),
    stranger: "404",
    owner: [201],
  },
  getBlock: { request: (f) => ({ path: { hash: f.block } }), stranger: "404", owner: [200] },
  fetchBlocks: {
    request: (f) => ({ body: { items: [{ version_id: f.version, hashes: [f.block] }, { hashes: [f.block] }] } }),
    stranger: "own",
    owner: [200],
  },
  createBlockUploadUrl: {
    request: (f) => ({ body: { hash: f.block, size: 6, into: f.folder } }),
    stranger: "404",
    owner: [200],
  },
  putSignedBlock: {
    request: () => ({ path: { grant: "forged" }, bytes: Buffer.from("x") }),
    stranger: "open",
    owner: [401],
  },

  unsentLinks: { request: plain, stranger: "403", owner: [200] },
  askUnsubscribe: { request: () => ({ path: { token: "forged" } }), stranger: "open", owner: [404] },
  unsubscribe: { request: () => ({ path: { token: "forged" } }), stranger: "open", owner: [404] },
  live: { request: plain, stranger: "open", owner: [200] },
  ready: { request: plain, stranger: "open", owner: [200] },
  metrics: { request: plain, stranger: "open", owner: [200] },
  openapi: { request: plain, stranger: "open", owner: [200] },
  docs: { request: plain, stranger: "open", owner: [200] },
  home: { request: plain, stranger: "open", owner: [200] },
  reportPolicy: { request: () => ({ bytes: Buffer.from("[]") }), stranger: "open", owner: [204] },
  setupPage: { request: plain, stranger: "open", owner: [200] },
  ...jobRows,

  createWebSession: {
    request: () => ({ body: { email: "nobody@example.com", password: "wrong password" } }),
    stranger: "open",
    owner: [403],
  },
  readSignInWays: { request: plain, stranger: "open", owner: [200] },
  beginOutsideSignIn: { request: () => ({ body: {} }), stranger: "open", owner: [403] },
  finishOutside: { request: () => ({ body: { code: "c", state: "s" } }), stranger: "open", owner: [403] },
  createOutsideWebSession: { request: () => ({ body: { ticket: "none" } }), stranger: "open", owner: [403] },
  listOutsideIdentities: { request: plain, stranger: "own", owner: [200] },
  // Only the server's own pages may start it.
  beginOutsideProof: { request: () => ({ body: {} }), stranger: "403", owner: [403] },
  confirmOutsideProof: { request: () => ({ body: { ticket: "none" } }), stranger: "404", owner: [404] },
  beginOutsideLink: { request: () => ({ body: { password: stranger.password } }), stranger: "403", owner: [403] },
  confirmOutsideLink: { request: () => ({ body: { ticket: "none" } }), stranger: "401", owner: [401] },
  removeOutsideIdentity: {
    request: () => ({ path: { id: "none" }, body: { password: stranger.password } }),
    stranger: "404",
    owner: [422],
  },
  refreshWebSession: { request: () => ({ body: {} }), stranger: "open", owner: [403] },
  deleteWebSession: { request: plain, stranger: "open", owner: [403] },

  // Last, because it deletes the folder and ends the owner's sessions.
  syncDelta: {
    request: (f) => ({
      body: { operations: [{ op: "delete", operation_id: "0".repeat(31) + "1", file_id: f.folder }] },
    }),
    stranger: "own",
    owner: [200],
  },
  deleteDevices: { request: () => ({ query: { keep: "current" } }), stranger: "own", owner: [204] },
  deleteCurrentSession: { request: plain, stranger: "own", owner: [204] },
};
