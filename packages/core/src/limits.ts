/** All limits of Holdfast. docs/limits.md is generated from this file. Names end with units. */
const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;
const tib = 1024 * gib;

export const limits = {
  fileBytesMax: 5 * tib,
  /** Limits for cutting blocks; see docs/format.md. */
  blockBytesMin: 256 * kib,
  blockBytesAverage: 1 * mib,
  blockBytesMax: 4 * mib,
  /** A pack is closed when it contains this much; the last record may exceed it. */
  packBytesTarget: 16 * mib,
  /** Maximum size that a reader accepts. The target, one more group of records, header and footer are below it. */
  packBytesMax: 24 * mib,
  packRecordsMax: 16_384,
  /** Rate at which one store of a cell is read and the other written to make them equal. */
  copyBytesPerSecondMax: 128 * mib,
  /** A store that has lost everything is filled from the other one after this time. */
  storeGoneMs: 30_000,
  /** Interval at which the keys of two stores are compared. */
  copiesComparedEveryMs: 24 * 3600_000,
  /** Entries of a manifest that are stored in the version row. Longer lists are split into segments. */
  manifestEntriesInline: 512,
  segmentEntriesMin: 64,
  segmentEntriesAverage: 256,
  segmentEntriesMax: 1024,
  /** Blocks of a file of 5 TiB if all have the chunker's minimum size. */
  manifestEntriesMax: (5 * tib) / (256 * kib),

  nameBytesMax: 255,
  pathBytesMax: 4096,
  pathNamesMax: 128,
  symlinkTargetBytesMax: 4096,
  metadataBytesMax: 16 * kib,
  /** Name that a person gives to a version. */
  labelBytesMax: 255,

  /** One comment, in UTF-8. It counts as metadata of the space that contains it. */
  commentBytesMax: 8 * kib,
  /** Comments on one file or folder. */
  commentsMax: 1000,
  /** People mentioned in one comment. */
  mentionsMax: 20,
  /** Notifications of one account; the oldest is deleted first. */
  notificationsMax: 1000,
  notificationsPageMax: 100,
  transfersPageMax: 100,
  /** Time after which an offer of a file to another owner ends. */
  transferOfferMs: 14 * 24 * 3600_000,
  /** Watches of one account in one space. */
  watchesMax: 200,
  activityItemsDefault: 50,
  activityItemsMax: 200,
  /** Entries read for one page of the activity, which ends early if few of them are shown. */
  activityScanMax: 5000,
  /** Plans in the configuration. */
  plansMax: 32,
  /** Webhooks of one account. */
  webhooksMax: 20,
  webhookUrlBytesMax: 2048,
  /** Secret for signatures. */
  webhookKeyBytesMax: 256,
  /** Time from the lookup of the address to the response header. */
  webhookTimeoutMs: 10_000,
  /** Waiting messages of one webhook. Further changes are not sent. */
  webhookWaitingMax: 10_000,
  /**
   * Percentages of the quota at which the owner is warned. A warning is repeated after the space was this much below
   * it.
   */
  quotaNearPercent: 80,
  quotaFullPercent: 95,
  quotaWarningSlackPercent: 5,
  /** Below this, the lack of space on the server's disk is reported to accounts, without the number of free bytes. */
  serverSpaceLowBytes: 1024 ** 3,
  /** Multiple of its quota that a space may store, with versions, trash and unfinished uploads. */
  quotaStoredFactor: 4,
  /** Files with old versions that are measured for one response, largest first, and the newest versions of each. */
  usageFilesMax: 200,
  usageVersionsMax: 500,
  /** Trashed files and folders that are counted for one response. */
  usageTrashMax: 20_000,
  /** Files with the largest old versions in one response. */
  usageLargestMax: 5,
  /** Weight of a node, a version, a segment of a long block list or an upload session, in addition to its bytes. */
  rowWeightBytes: 512,
  /** Minimum bound of a space's total weight, which may otherwise equal its quota. */
  quotaMetadataBytesMin: 16 * mib,

  /** Sum of the declared decoded lengths of the frames of one request. */
  requestFramesBytesMax: 64 * mib,
  requestFramesMax: 10_000,
  /** JSON with long lists: batches, and lists of blocks, hashes or ids. */
  requestJsonBytesMax: 16 * mib,
  /** Any other JSON. */
  requestFieldsBytesMax: 1 * mib,
  /** JSON of requests without a token, which is never compressed. */
  requestOpenBytesMax: 16 * kib,
  /** Decoded bytes of a JSON response that a client accepts: more than twice the longest page. */
  answerJsonBytesMax: 64 * mib,
  /** Limits of `.holdfastignore`, which other people may write. Lines beyond them are ignored and reported. */
  ignoreBytesMax: 256 * kib,
  ignoreLinesMax: 10_000,
  ignoreLineCharactersMax: 1024,
  /**
   * Objects, lists and members of one JSON body: more than 16 MiB of hashes and sizes have, and far fewer than 16 MiB
   * could contain.
   */
  requestJsonValuesMax: 640 * kib,
  /** Members of one object in a JSON body. */
  requestMembersMax: 4096,
  /** Entries of one list of blocks or splices. More do not fit into the JSON of a request. */
  requestEntriesMax: 256 * kib,
  /**
   * All JSON bodies that are decoded and not yet answered. Further ones wait, except bodies no larger than open ones.
   */
  jsonBytesAtOnceMax: 32 * mib,
  batchOperationsMax: 1000,
  queryHashesMax: 10_000,
  fetchHashesMax: 1000,
  manifestsMax: 1000,
  /** Entries in a response with the lists of many versions. The rest is omitted. */
  manifestEntriesAtOnceMax: 128 * kib,
  /** Differing entries of two lists, counted on both sides, for a response as splices. */
  differenceEntriesMax: 128 * kib,
  listItemsMax: 1000,
  /** Children counted for the first page of a folder at the cost of one more call. */
  countedPerCall: 10_000,
  /** Approximate size of a page of nodes, which ends with the node that exceeds it. */
  listBytesMax: 4 * mib,
  /** Nodes of the whole space that changed since the target time of a rewind. */
  rewindNodesMax: 500_000,
  /** Steps of a rewind within the request. A larger rewind is a job. */
  rewindStepsAtOnce: 1000,
  /** Examples of each kind of change in the response of a rewind. */
  rewindSampleMax: 20,
  /** Folders read for one page of a recursive list, which ends early if many are empty. */
  listFoldersMax: 1000,
  listItemsDefault: 200,
  searchTextBytesMax: 255,
  searchWordsMax: 8,
  /** The caller's newest nodes that are checked before the index of names. */
  searchNewestRows: 2000,
  /** Matches among them that make a word too common for the index of names. */
  searchCommonRows: 20,
  /** Names that begin with a text, read to list the best of them first. */
  searchBestRows: 2000,
  /** Names checked for one page without an index. */
  searchRowsMax: 10_000,
  /** Number of times a page is filled again if matches are in the trash or elsewhere. */
  searchRoundsMax: 4,
  /** Newest shares in which names are searched, and the number of them in one page. */
  searchSharesMax: 1000,
  searchPlacesMax: 20,
  inlineBlocksMax: 16,
  downloadRangesMax: 64,
  /** Concurrent account archives of one process; one per account. */
  exportsAtOnceMax: 4,
  emailBytesMax: 254,
  passwordBytesMin: 8,
  /** Lifetime of a mailed link to set a new password. */
  passwordResetMs: 30 * 60_000,
  /** Minimum time between two such mails to one account. */
  passwordResetPauseMs: 5 * 60_000,
  /** Wrong codes of an authenticator app in a row, after which each attempt must wait. */
  secondFactorFailuresMax: 5,
  /** Validity of a proof of identity for actions that cannot be undone. */
  sessionProofMs: 60 * 60_000,
  /** Validity of a proof that replaces a password, for accounts without one, where each action asks for it. */
  freshProofMs: 10 * 60_000,
  /** Time between creating the secret of an authenticator app and confirming it. */
  secondFactorSetUpMs: 15 * 60_000,
  recoveryCodes: 10,
  /** Passkeys of one account. */
  passkeysMax: 20,
  /** Time for a sign-in at an outside issuer, and again for the second factor. */
  outsideSignInMs: 10 * 60_000,
  /** Outside identities of one account. */
  outsideIdentitiesMax: 10,
  /** Mapped values of a claim, and domains of a setting. */
  outsideMappingsMax: 200,
  /** Time and bytes of one response of an outside issuer. */
  outsideAnswerMs: 10_000,
  outsideAnswerBytesMax: 1024 * 1024,
  /** Concurrent requests of one server process to an outside issuer. */
  outsideAtOnceMax: 20,
  /** Networks in one list of allowed addresses. */
  addressNetworksMax: 100,
  /** Maximum grace period before a required second factor. */
  factorGraceMs: 365 * 86_400_000,
  /** Time between a passkey request and its response. */
  passkeyChallengeMs: 5 * 60_000,
  passwordBytesMax: 1024,
  /** Devices of one user. A further sign-in removes the device that was not seen for the longest time. */
  devicesMax: 1000,
  /** Stars of one account. */
  starsMax: 10_000,

  /** Size of a file for a thumbnail. */
  thumbSourceBytesMax: 64 * mib,
  /** Width times height. Photos have up to 50 million pixels, those of the largest cameras 100 million. */
  thumbSourcePixelsMax: 120_000_000,
  /** Pixels of an image on the page of a PDF. Its thumbnail lacks larger ones. */
  thumbPageImagePixelsMax: 40_000_000,
  /** Time from the file's first byte to the thumbnail's last. */
  thumbTimeoutMs: 20_000,
  /** Time for the first page of a PDF. Small files can need very long. */
  thumbPdfTimeoutMs: 5000,
  /** Total memory of a thumbnail process. Files that need more get no thumbnail. */
  thumbMemoryBytesMax: 1 * gib,
  /** Thumbnails waiting in total and for one account. Above this, the client must retry. */
  thumbsWaitingMax: 1024,
  thumbsWaitingShareMax: 256,
  /** Time before a file that crashed its process or took too long is tried again. */
  thumbRetryMs: 24 * 60 * 60 * 1000,
  /** Days, including the current one, for which a list's tag is valid. */
  thumbTagDays: 2,
  /** Shared folders that one list's tag covers. */
  thumbTagPlacesMax: 32,

  /** Recently changed files that are returned, and nodes in the newest journal entries that are checked. */
  recentItemsMax: 200,
  recentCandidatesMax: 1000,
  /** Files of one folder are one recent entry if there are at least so many, changed without a longer pause. */
  recentGroupFilesMin: 10,
  recentPauseMs: 60_000,
  /** Entries read in the own journal and, together, in other spaces' journals, and the number of those spaces. */
  recentEntriesMax: 10_000,
  recentSpacesMax: 20,
  /** Personal access tokens of one user. */
  tokensMax: 1000,
  /** Programs registered by administrators. */
  oauthClientsMax: 200,
  /** Groups of one server. */
  groupsMax: 10_000,
  groupMembersMax: 10_000,
  /** Groups of one account, which every request reads. */
  groupsOfAccountMax: 200,
  groupNameLengthMax: 200,
  /** Entries of one page for an identity system (SCIM), and the maximum start of a page. */
  scimPageMax: 200,
  scimStartIndexMax: 200_000,
  scimFilterLengthMax: 512,
  /** Operations of one PATCH, and members that one request may change. */
  scimOperationsMax: 1000,
  scimMembersChangedMax: 1000,
  /** Members in one page of groups, which ends with the group that exceeds it. */
  scimMembersShownMax: 10_000,
  /** People found by one search. */
  peopleFoundMax: 20,
  /** Letters that a search by name needs. */
  peopleQueryLengthMin: 2,
  /** Members of the caller's groups, or accounts of one shard, that one search reads. */
  peopleSearchedMax: 20_000,
  /** Newest permissions in the caller's space that one search reads. */
  peopleGuestsMax: 1000,

  headerBytesMax: 16 * kib,
  headerTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 30_000,
  /** Minimum bytes of a body in each `bodyRateWindowMs` in which its reader waits for it: 256 bytes per second. */
  bodyRateBytesMin: 15 * kib,
  bodyRateWindowMs: 60_000,
  /** Concurrent requests of one account, or of one address without a token. Polls have their own limit. */
  requestsAtOnceMax: 2048,
  /** Those of them whose body, above 64 KiB or of unknown length, is being read. Further bodies wait unread. */
  bodiesAtOnceMax: 64,
  /**
   * Bytes read from the store for responses that clients have not received: in total, and of one account or address.
   * Further reads wait.
   */
  readBytesAtOnceMax: 256 * mib,
  readBytesShareMax: 64 * mib,
  /** Time without progress after which a response is cut off if another one waits for its memory. */
  answerStallMs: 30_000,
  /** Bytes passed to the connection in one step, which is the unit of progress. */
  answerSliceBytes: 256 * kib,
  /** Time in which a client must take one slice of a response, long enough for a paused player. */
  answerIdleTimeoutMs: 5 * 60_000,
  keepAliveTimeoutMs: 75_000,
  shutdownTimeoutMs: 10_000,

  /** Bytes of one PUT of a resumable upload that are received and not yet durable. */
  uploadDurableBytesMax: 16 * mib,
  uploadUrlLifetimeMs: 15 * 60_000,

  /** Content URLs signed in one request. */
  signedUrlsMax: 100,
  /** Files and folders of one zip. */
  zippedNodesMax: 5000,
  /** Files and folders of a zip whose ids are in its URL, which proxies limit. The ids of a larger zip are stored. */
  zippedNodesInUrlMax: 250,
  /** Stored lists of ids per account, and per link. The newest stay. */
  zipListsMax: 100,
  signedUrlBytesMax: 7 * kib,
  signedUrlLifetimeMs: 15 * 60_000,

  /**
   * Mails caused by one account per hour, including invitations to strangers. A burst may have the same number. Above
   * it nothing is mailed.
   */
  mailsCausedHourMax: 100,
  /**
   * Minimum time between two notification mails to one account. Notifications in between are part of the later mail.
   */
  mailPauseMs: 60_000,
  /** Notifications in one mail; further ones are counted. */
  mailNoticesMax: 30,
  /** Notifications waiting to be mailed to one account. */
  mailItemsMax: 1000,
  /** Personal message in an invitation mail. */
  mailMessageCharactersMax: 1000,
  /** Time for which a sent mail is remembered, to avoid sending it twice. */
  mailSentLifetimeMs: 7 * 24 * 3600_000,

  accessTokenLifetimeMs: 15 * 60_000,
  linkSessionLifetimeMs: 15 * 60_000,
  /** Time in which a download by a link can be continued from the same address without being counted again. */
  linkDownloadLifetimeMs: 24 * 3600_000,
  /** Time in which a sign-in of a device by a browser must be approved. */
  deviceCodeLifetimeMs: 10 * 60_000,
  refreshTokenLifetimeMs: 30 * 24 * 3600_000,
  invitationLifetimeMs: 7 * 24 * 3600_000,
  /** Time after which expired tokens and signed-out devices are deleted. */
  credentialRecordLifetimeMs: 30 * 24 * 3600_000,
  operationLifetimeMs: 14 * 24 * 3600_000,
  journalLifetimeMs: 90 * 24 * 3600_000,
  /** Contents in one request of a device that removes its copies. Small, because the request needs no token. */
  clearingContentsMax: 200,
  /** Time for which uploaded but unreferenced data counts as stored. */
  stagedLifetimeMs: 24 * 3600_000,
  /** Randomly chosen packs that a restore drill restores and reads. */
  drillPacks: 64,
  /**
   * Share of disk time for scrubbing, and the length of one turn. After a longer pack, scrubbing rests proportionally
   * longer.
   */
  scrubShareMax: 0.1,
  scrubTurnMs: 3000,
  /** Time before a failed pass, such as one with an unavailable store, is repeated. */
  scrubRetryMs: 3600_000,
  /** Time before a new server's first snapshot, because empty data need not be copied. */
  firstSnapshotMs: 180_000,
  /** Time in which a rewind can be undone. */
  rewindLifetimeMs: 30 * 24 * 3600_000,
  dataKeyLifetimeMs: 90 * 24 * 3600_000,

  /** Payload of a queued message. Larger data is stored elsewhere and referenced. */
  messageBytesMax: 64 * kib,
  messageKeyBytesMax: 512,
  /** Grants to people, groups and links on one node. Groups reach more people. */
  grantsPerNodeMax: 5000,
  /** Mounts in one account's space. A cursor contains the journals of all of them. */
  mountsMax: 100,
  tokenBytesMax: 12_000,
  /** Cursor of a list in a URL, which may contain a token. */
  cursorBytesMax: 16_000,
  linkNameBytesMax: 255,
  /** Text of a report of a link, open reports of one link, and the lifetime of resolved ones. */
  reportTextBytesMax: 8 * kib,
  reportsOpenMax: 20,
  reportLifetimeMs: 365 * 24 * 3600_000,
  shareMessageBytesMax: 2000,
  /** Time after which a dead message and a finished task are deleted. */
  deadMessageLifetimeMs: 90 * 24 * 3600_000,
  taskLifetimeMs: 30 * 24 * 3600_000,
  /** Time in which a worker must start a job that an administrator requested. */
  requestedJobWaitMs: 24 * 3600_000,
  /** Starts of a requested job whose process exits each time. */
  requestedJobStartsMax: 3,

  /**
   * Time for which audit entries are collected before they are written, unless a response waits for them; and the
   * maximum written together.
   */
  auditDelayMs: 250,
  auditEntriesAtOnceMax: 500,
  auditAppendBytesMax: 4 * mib,
  /** Unwritten audit data above which audited actions are rejected. */
  auditWaitingBytesMax: 32 * mib,
  auditRetryMs: 1000,
  /** Interval at which the end of the audit is stored outside of the database. */
  auditHeadMs: 60_000,
  /** Time in which repeated actions of one caller share one entry, and the number of such actions. */
  auditRepeatMs: 60_000,
  auditRepeatsMax: 10_000,
  auditPageMax: 5000,
  /** Nodes in an entry for a syslog server, which may cut long messages. */
  auditSyslogNodesMax: 20,

  /** Approximate maximum time for which a commit's transaction holds the space lock. Larger batches are split. */
  commitLockMs: 50,
  pollSecondsMax: 90,
  /** Without the header `Timeout`. Below the minute after which many proxies disconnect. */
  pollSecondsDefault: 55,
} as const;
