import type { RouteName } from "@holdfast/protocol/routes";
import { groupRows } from "./authorisation-groups.ts";
import {
  id,
  jobRows,
  plain,
  rewindRows,
  stranger,
  transferRows,
  unaskedPasskey,
  webhookRows,
  type Row,
} from "./authorisation-rows.ts";

/**
 * Every route of the table, called by everybody who might: the owner, a stranger, somebody without a token, with a forged,
 * an expired and a revoked one, and with a token that lacks the scope. A route without a row here does not compile.
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
  confirmAddress: { request: () => ({ body: { token: "hfc_forged" } }), stranger: "open", owner: [422] },
  mailConfirmation: { request: plain, stranger: "own", owner: [202] },
  getAccount: { request: plain, stranger: "own", owner: [200] },
  updateAccount: { request: () => ({ body: { language: "de" } }), stranger: "own", owner: [200] },
  changePassword: {
    // The stranger's own; of the owner it is wrong.
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
  // Before one is prepared.
  confirmSecondFactor: { request: () => ({ body: { totp: "000000" } }), stranger: "own", owner: [409] },
  getSecondFactor: { request: plain, stranger: "own", owner: [200] },
  // The passwords are the stranger's own; of the owner they are wrong, and nothing is on.
  prepareSecondFactor: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [422] },
  renewRecoveryCodes: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [422] },
  endSecondFactor: { request: () => ({ body: { password: stranger.password } }), stranger: "own", owner: [422] },
  // At an address in figures none are made.
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
  createToken: { request: () => ({ body: { name: "t", scopes: ["files:read"] } }), stranger: "own", owner: [201] },
  // The password is the stranger's own; of the owner it is wrong.
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

  // Before what takes the fixture apart.
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
  deletePermission: { request: id("permission"), stranger: "404", owner: [204] },
  listSharedWithMe: { request: plain, stranger: "own", owner: [200] },
  listSharedByMe: { request: plain, stranger: "own", owner: [200] },
  // What is one's own is not mounted.
  createMount: { request: (f) => ({ body: { node_id: f.folder } }), stranger: "404", owner: [422] },

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
  watchNode: { request: id("file"), stranger: "404", owner: [204] },
  unwatchNode: { request: id("file"), stranger: "404", owner: [204] },
  listTrash: { request: plain, stranger: "own", owner: [200] },
  restoreFromTrash: { request: (f) => ({ path: { id: f.trashed }, body: {} }), stranger: "404", owner: [200] },
  purgeFromTrash: { request: id("trashed2"), stranger: "404", owner: [204] },
  ...rewindRows,
  emptyTrash: { request: plain, stranger: "own", owner: [200] },
  getStartToken: { request: plain, stranger: "own", owner: [200] },
  // A token of another view is answered like one of another server.
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
  refreshWebSession: { request: () => ({ body: {} }), stranger: "open", owner: [403] },
  deleteWebSession: { request: plain, stranger: "open", owner: [403] },

  // The last ones: it deletes the folder, and then the owner's sessions end.
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
