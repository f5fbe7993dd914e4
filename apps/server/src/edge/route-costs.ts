import { limits } from "@holdfast/core/limits";
import { jsonBytesMax, type Route } from "@holdfast/protocol/route";
import { type RouteName, routes } from "@holdfast/protocol/routes";

/** Maximum cost of one request to a route. */
export interface RouteCost {
  /** Bytes of the body in memory, received and decoded. */
  readonly bodyBytes: number;
  /** Rows read from the database; a text if they depend on the request's changes. */
  readonly rows: number | string;
  /** Bytes of the response in memory. */
  readonly answerBytes: number | string;
}

const kib = 1024;
const mib = 1024 * kib;

/** A node and its ancestors. */
const lineage = limits.pathNamesMax + 1;
const page = limits.listItemsMax + 1;
/**
 * A page ends with the item that exceeds the limit. Names and metadata may double in size as JSON, or grow six
 * times with unusual characters.
 */
const pageBytes = 6 * (limits.listBytesMax + limits.metadataBytesMax);
const nodeBytes = 6 * (limits.metadataBytesMax + limits.pathBytesMax + limits.symlinkTargetBytesMax);
/** Sixteen segments of a block list: read, decoded and as text. */
const listPartBytes = 16 * limits.segmentEntriesMax * 300;
/** Two batches of blocks, stored and decoded. */
const readingBytes = 4 * 2 * limits.blockBytesMax;

const few: Cost = { rows: 20, answerBytes: 16 * kib };
const oneNode: Cost = { rows: 2 * lineage, answerBytes: nodeBytes };
const listed = (rows: number): Cost => ({ rows, answerBytes: pageBytes });
const streamed = (rows: number): Cost => ({ rows, answerBytes: readingBytes });
const lists = (rows: number): Cost => ({ rows, answerBytes: listPartBytes });
/** The part of an upload that is not durable yet, twice: as received, and on its way into a pack. */
const uploading = { ...oneNode, bodyBytes: 2 * limits.uploadDurableBytesMax, rows: "those of the upload" };
const oneBlock = { ...few, bodyBytes: 2 * limits.blockBytesMax };

/** Sample paths of seven kinds, with two for a move. */
const rewindBytes = 6 * 2 * 7 * limits.rewindSampleMax * limits.pathBytesMax;

const scrubbed: Cost = { rows: 10, answerBytes: "the damaged items" };
/** Reads a subtree that is moved or deleted, in portions. */
const changing: Cost = { ...oneNode, rows: "those that it changes" };

type Cost = Omit<RouteCost, "bodyBytes">;

const costs: Readonly<Record<RouteName, Cost & { readonly bodyBytes?: number }>> = {
  createSession: few,
  refreshSession: few,
  deleteCurrentSession: few,
  proveSession: few,
  createAccount: few,
  readInvitation: few,
  getAccount: few,
  confirmAddress: few,
  changeAddress: few,
  mailConfirmation: few,
  updateAccount: few,
  changePassword: { ...few, rows: "the account's sessions and tokens" },
  mailPasswordReset: few,
  resetPassword: { ...few, rows: "the account's sessions, tokens and devices" },
  getSecondFactor: few,
  prepareSecondFactor: few,
  confirmSecondFactor: few,
  renewRecoveryCodes: few,
  endSecondFactor: few,
  getOwnAddresses: few,
  setOwnAddresses: few,
  adminListAccessRules: listed(page),
  adminChangeAccessRule: few,
  listPasskeys: { rows: limits.passkeysMax, answerBytes: limits.passkeysMax * 2 * kib },
  preparePasskey: few,
  confirmPasskey: few,
  renamePasskey: few,
  removePasskey: few,
  preparePasskeySignIn: few,
  readSignInWays: few,
  beginOutsideSignIn: few,
  finishOutside: few,
  createOutsideWebSession: few,
  beginOutsideProof: few,
  confirmOutsideProof: few,
  listOutsideIdentities: { rows: limits.outsideIdentitiesMax, answerBytes: limits.outsideIdentitiesMax * 4 * kib },
  beginOutsideLink: few,
  confirmOutsideLink: few,
  removeOutsideIdentity: few,
  adminListOauthClients: { rows: limits.oauthClientsMax, answerBytes: limits.oauthClientsMax * 96 * kib },
  adminAddOauthClient: few,
  adminRemoveOauthClient: { ...few, rows: "what accounts have allowed it" },
  listAuthorizedPrograms: { rows: limits.tokensMax, answerBytes: limits.tokensMax * 2 * kib },
  removeAuthorizedProgram: few,
  readProgramRequest: few,
  answerProgramRequest: few,
  readDeviceRequest: few,
  answerDeviceRequest: few,
  readSignOutRequest: few,
  startDeviceLogin: few,
  finishDeviceLogin: few,
  createToken: few,
  createAppPassword: few,
  listTokens: { rows: limits.tokensMax, answerBytes: limits.tokensMax * 2 * kib },
  deleteToken: few,
  listDevices: { rows: 2 * limits.devicesMax, answerBytes: limits.devicesMax * 4 * kib },
  deleteDevice: few,
  readClearing: few,
  queryClearing: { rows: 2 * limits.clearingContentsMax, answerBytes: limits.clearingContentsMax * 70 },
  reportClearing: few,
  resumeDevice: few,
  adminResumeDevice: few,
  deleteDevices: { ...few, rows: "the account's devices and sessions" },
  deleteAccount: { ...few, rows: "the account's sessions and tokens" },
  createExportAddress: few,
  openExportAddress: { rows: "the account, one page at a time", answerBytes: readingBytes },
  exportAccount: { rows: "the account, one page at a time", answerBytes: readingBytes },
  createWebSession: few,
  refreshWebSession: few,
  deleteWebSession: few,
  adminListUsers: {
    rows: "two for each account of the page, its devices and tokens; for a search also `peopleSearchedMax` in each shard",
    answerBytes: page * 4 * kib,
  },
  adminCreateUser: few,
  adminUpdateUser: few,
  adminInvite: few,
  createGroup: { ...few, rows: limits.groupsMax },
  listGroups: { rows: 2 * page, answerBytes: page * 2 * kib },
  updateGroup: few,
  deleteGroup: { ...few, rows: "its members, in portions, and shares with a manager who deletes it" },
  listGroupMembers: { rows: 2 * page, answerBytes: page * 2 * kib },
  setGroupMember: { ...few, rows: 20 + limits.groupsOfAccountMax },
  removeGroupMember: { ...few, rows: "shares with a manager who leaves" },
  findPeople: { ...few, rows: 2 * limits.peopleSearchedMax + 2 * limits.peopleGuestsMax },
  createWebhook: { ...few, rows: lineage + limits.webhooksMax },
  listWebhooks: { rows: limits.webhooksMax, answerBytes: limits.webhooksMax * 14 * kib },
  deleteWebhook: few,
  adminListPlans: { rows: limits.plansMax, answerBytes: limits.plansMax * kib },
  listDamaged: { rows: "10, or all lists of blocks of a damaged space", answerBytes: "the damaged items" },
  adminStartScrub: scrubbed,
  adminGetScrub: scrubbed,
  adminRebuildIndex: { rows: 3, answerBytes: "names of unreadable packs" },
  adminGetRebuild: { rows: 1, answerBytes: "names of unreadable packs" },
  getJob: { rows: 2, answerBytes: limits.messageBytesMax },
  adminListJobs: { rows: "one page of each shard", answerBytes: page * 4 * kib },
  adminRetryJob: few,
  adminRemoveJob: few,
  adminListInvitations: { rows: "one page of each shard", answerBytes: page * 2 * kib },
  adminRemoveInvitation: few,
  /** Totals are computed in each database, once a minute. */
  adminGetStorage: { ...few, rows: "totals of spaces and packs, one for each shard and cell" },
  adminListShards: { ...few, rows: "a count of at most 10,000 accounts and nodes for each shard" },
  adminAddShard: { ...few, rows: "one of each table of an empty database" },
  adminRenewEpochs: { ...few, rows: "all spaces, members, grants, accounts and mounts, in portions of up to 5,000" },
  adminMoveBuckets: { ...few, rows: "a count of the accounts of a shard" },
  adminCancelMove: few,
  adminCollect: {
    ...few,
    rows: "3; in a dry run, all old versions and everything in the trash that is due, in portions",
  },
  adminGetCollection: { rows: 1, answerBytes: "1,000 accounts with unfinished uploads" },
  adminGetCopies: { ...few, rows: "a count of the missing objects for each store" },
  adminVerifyCopies: { ...few, rows: "a count of the missing objects for each store" },
  adminShredUser: {
    ...few,
    rows: "counts of the account's space, and of spaces shared with it; the rest follows later",
  },
  adminGetShredding: few,
  adminGetBackups: few,
  adminListSettings: { rows: 0, answerBytes: 64 * kib },
  adminRotateKeys: { rows: "one for each data key", answerBytes: 64 * kib },
  adminDoctor: { rows: "one for each data key, and counts for each shard and cell", answerBytes: 64 * kib },
  adminListAudit: { rows: limits.auditPageMax, answerBytes: 16 * mib },
  adminVerifyAudit: { rows: "all entries, in portions", answerBytes: 64 * kib },
  lookUpPath: listed(lineage + 2 * page),
  createNode: oneNode,
  getNode: { ...oneNode, rows: 2 * lineage + 1 },
  updateNode: changing,
  deleteNode: changing,
  copyNode: changing,
  listFolder: listed(lineage + 2 * page + limits.listFoldersMax * 170),
  /** Includes the authors' accounts. */
  listVersions: { rows: lineage + 3 * page, answerBytes: page * 2 * kib },
  labelVersion: oneNode,
  pruneVersions: changing,
  getUsage: {
    rows: limits.usageFilesMax * (2 + limits.usageVersionsMax) + lineage * limits.usageFilesMax + limits.usageTrashMax,
    answerBytes: limits.usageLargestMax * 6 * limits.pathBytesMax,
  },
  starNode: { ...oneNode, rows: 2 * lineage + limits.starsMax },
  unstarNode: oneNode,
  listStarred: listed(page + page * lineage),
  /** Entries, their nodes, new folders, and the shown nodes with their ancestors and stars; groups are read first. */
  listRecent: listed(2 * 3 * limits.recentEntriesMax + 2 * limits.recentItemsMax * lineage + limits.recentItemsMax),
  /** Shares with their ancestors, searched rows, names by their beginning, and matches with their ancestors and stars. */
  search: listed(
    limits.searchSharesMax * lineage +
      limits.searchNewestRows +
      limits.searchRoundsMax * limits.searchRowsMax +
      (1 + limits.searchRoundsMax) * 6 * limits.searchBestRows +
      limits.searchRoundsMax * page * lineage +
      page,
  ),
  restoreVersion: oneNode,
  rewind: { rows: "everything that changed since that time", answerBytes: rewindBytes },
  undoRewind: { rows: "everything that the rewind changed", answerBytes: rewindBytes },
  transferNode: { ...oneNode, rows: 2 * lineage },
  /** Includes the accounts at both ends. */
  listTransfers: { rows: 4 * limits.transfersPageMax, answerBytes: limits.transfersPageMax * 4 * kib },
  acceptTransfer: { ...few, rows: "everything that is transferred" },
  deleteTransfer: { ...few, rows: "10, or all shares of the space if its job has failed" },
  listTrash: listed(2 * page + page * lineage),
  restoreFromTrash: changing,
  emptyTrash: changing,
  purgeFromTrash: changing,
  listComments: { rows: lineage + 2 * page, answerBytes: page * 3 * limits.commentBytesMax },
  createComment: { ...oneNode, rows: (2 + limits.mentionsMax) * lineage + limits.commentsMax },
  updateComment: { ...oneNode, rows: (2 + limits.mentionsMax) * lineage },
  deleteComment: oneNode,
  resolveComment: oneNode,
  listActivity: {
    rows: 4 * limits.activityScanMax + 2 * limits.activityScanMax * lineage,
    answerBytes: limits.activityItemsMax * 2 * limits.pathBytesMax,
  },
  listNotifications: {
    rows: limits.notificationsPageMax * 2 * lineage + limits.notificationsMax,
    answerBytes: limits.notificationsPageMax * 2 * limits.pathBytesMax,
  },
  readNotifications: few,
  getWatch: { ...few, rows: 3 * lineage },
  watchNode: { ...few, rows: 2 * lineage + limits.watchesMax },
  unwatchNode: { ...few, rows: 2 * lineage },
  getStartToken: few,
  listChanges: listed(3 * page + 2 * page * lineage),
  getSnapshot: listed(page + page * lineage),
  pollChanges: few,
  pollEvents: few,
  queryNodes: { rows: page * lineage, answerBytes: page * 200 },
  upload: uploading,
  putUpload: uploading,
  postUpload: uploading,
  getUpload: oneNode,
  deleteUpload: few,
  commitUpload: { ...oneNode, rows: "those of the upload" },
  /** A zip also lists folders page by page, and keeps a line for each file until the end. */
  download: streamed(lineage + limits.manifestEntriesMax),
  createSignedUrls: { ...few, rows: 2 * limits.zippedNodesMax * lineage, answerBytes: 2 * limits.signedUrlsMax * kib },
  openSignedUrl: streamed(2 * limits.zippedNodesMax * lineage + limits.manifestEntriesMax),
  /** The tag names folders. Reads the rights of each and the nodes with the content. */
  getThumb: { rows: (limits.thumbTagPlacesMax + 100) * lineage, answerBytes: 8 * mib },
  getManifest: lists(2 * lineage + limits.manifestEntriesMax / limits.segmentEntriesMin),
  queryManifests: lists(2 * page + page * lineage + limits.manifestEntriesMax / limits.segmentEntriesMin),
  syncFile: { rows: "the list that it changes", answerBytes: 2 * limits.requestJsonBytesMax },
  syncDelta: {
    bodyBytes: 2 * limits.requestJsonBytesMax + 2 * limits.packBytesTarget,
    rows: "those that it changes",
    answerBytes: limits.batchOperationsMax * nodeBytes,
  },
  queryBlocks: { rows: 2 * limits.queryHashesMax, answerBytes: limits.queryHashesMax * 70 },
  putBlocks: {
    ...few,
    bodyBytes: 2 * limits.packBytesTarget + 2 * limits.blockBytesMax,
    rows: limits.requestFramesMax * 2,
  },
  discardBlocks: { rows: 2 * limits.queryHashesMax, answerBytes: 100 },
  putBlock: oneBlock,
  getBlock: streamed(10),
  fetchBlocks: streamed(limits.listItemsMax + 2 * limits.queryHashesMax),
  createBlockUploadUrl: oneNode,
  putSignedBlock: oneBlock,
  shareNode: { ...oneNode, rows: "permissions that depend on the changed one" },
  listPermissions: { rows: 2 * lineage + 2 * limits.grantsPerNodeMax, answerBytes: limits.grantsPerNodeMax * kib },
  updatePermission: { ...few, rows: "permissions that depend on the changed one" },
  readLinkAddress: { ...few, rows: 2 * lineage },
  deletePermission: {
    ...few,
    rows: "permissions of a person who leaves, and those that depend on the changed one",
  },
  listSharedWithMe: listed(4 * page * lineage + page),
  listSharedByMe: listed(4 * page * lineage + page),
  startLinkSession: few,
  getCurrentLink: oneNode,
  copyFromLink: changing,
  reportLink: { ...few, rows: limits.reportsOpenMax },
  sendReport: { ...few, rows: limits.reportsOpenMax, bodyBytes: 32 * kib },
  adminListReports: { rows: 4 * page, answerBytes: page * 2 * limits.reportTextBytesMax },
  adminResolveReport: { ...few, answerBytes: 2 * limits.reportTextBytesMax },
  showLink: listed(lineage + 2 * page),
  sendToLink: uploading,
  downloadFromLink: streamed(lineage + limits.manifestEntriesMax),
  createMount: { ...oneNode, rows: 2 * lineage * limits.mountsMax },
  unsentLinks: { rows: page, answerBytes: page * 2 * kib },
  askUnsubscribe: few,
  unsubscribe: few,
  live: few,
  ready: few,
  metrics: { rows: 10, answerBytes: mib },
  openapi: { rows: 0, answerBytes: mib },
  docs: { rows: 0, answerBytes: mib },
  home: { rows: 0, answerBytes: 128 * kib },
  reportPolicy: { rows: 0, answerBytes: 0, bodyBytes: 2 * limits.requestOpenBytesMax },
  setupPage: { rows: 0, answerBytes: 128 * kib },
};

export function routeCost(name: RouteName): RouteCost {
  const route: Route = routes[name];
  const jsonBytes = route.body === undefined ? 0 : 2 * jsonBytesMax(route);
  return { bodyBytes: jsonBytes, ...costs[name] };
}
