/**
 * Every limit of Holdfast in one place (docs/limits.md is generated from nothing else). Units stand last in the names.
 */
const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;
const tib = 1024 * gib;

export const limits = {
  /** Of one file. */
  fileBytesMax: 5 * tib,
  /** Blocks are cut between these; see docs/format.md. */
  blockBytesMin: 256 * kib,
  blockBytesAverage: 1 * mib,
  blockBytesMax: 4 * mib,
  /** A pack is closed once it holds this much; one record may take it above. */
  packBytesTarget: 16 * mib,
  /** What a reader accepts as a pack: the target, one more group of records, header and footer are below it. */
  packBytesMax: 24 * mib,
  packRecordsMax: 16_384,
  /** Read and written a second to make the two stores of a cell equal. */
  copyBytesPerSecondMax: 128 * mib,
  /** One of two stores that shows nothing of what it had is filled anew from the other after so long. */
  storeGoneMs: 30_000,
  /** So often the keys of two stores are compared. */
  copiesComparedEveryMs: 24 * 3600_000,
  /** Entries of a manifest that stand in the version row; longer lists are cut into segments. */
  manifestEntriesInline: 512,
  segmentEntriesMin: 64,
  segmentEntriesAverage: 256,
  segmentEntriesMax: 1024,
  /** Of one file: as many as 5 TiB have when every block is as short as the chunker cuts it. */
  manifestEntriesMax: (5 * tib) / (256 * kib),

  nameBytesMax: 255,
  pathBytesMax: 4096,
  pathNamesMax: 128,
  symlinkTargetBytesMax: 4096,
  metadataBytesMax: 16 * kib,
  /** Of what a person calls a version. */
  labelBytesMax: 255,

  /** Of one comment, in UTF-8. What it says weighs like metadata of the space that it lies in. */
  commentBytesMax: 8 * kib,
  /** Of one file or folder. */
  commentsMax: 1000,
  /** People whom one comment mentions. */
  mentionsMax: 20,
  /** Of one account: with one more the oldest goes. */
  notificationsMax: 1000,
  notificationsPageMax: 100,
  transfersPageMax: 100,
  /** An offer of a file to another owner that is not accepted for so long has ended. */
  transferOfferMs: 14 * 24 * 3600_000,
  /** Of one account, in one space. */
  watchesMax: 200,
  activityItemsDefault: 50,
  activityItemsMax: 200,
  /** Entries that one page of the activity looks at: where few of them are to be shown it ends early. */
  activityScanMax: 5000,
  /** Of the configuration. */
  plansMax: 32,
  /** Of one account. */
  webhooksMax: 20,
  webhookUrlBytesMax: 2048,
  /** Of the secret that signs. */
  webhookKeyBytesMax: 256,
  /** From the look-up of the address to the head of the answer. */
  webhookTimeoutMs: 10_000,
  /** Of one webhook; while as many wait, it is told of nothing more. */
  webhookWaitingMax: 10_000,
  /** Of the quota: marks at which its owner is told, each once until the space was so much below it. */
  quotaNearPercent: 80,
  quotaFullPercent: 95,
  quotaWarningSlackPercent: 5,
  /** Less room than this on the server's disk is reported to accounts, without the number of free bytes. */
  serverSpaceLowBytes: 1024 ** 3,
  /** So many times its quota a space may store, with versions, trash and unfinished uploads. */
  quotaStoredFactor: 4,
  /** Files with old versions that are measured for one answer, those with most first, and of each file the newest of its versions. */
  usageFilesMax: 200,
  usageVersionsMax: 500,
  /** Files and folders in the trash that are counted for one answer. */
  usageTrashMax: 20_000,
  /** Files that one answer names as those whose old versions take most. */
  usageLargestMax: 5,
  /** What a node, a version, a segment of a long list of blocks or an upload session weighs beside the bytes that it holds. */
  rowWeightBytes: 512,
  /** All of them together weigh at most as much as the quota, or this where the quota is smaller. */
  quotaMetadataBytesMin: 16 * mib,

  /** Sum of the declared (decoded) lengths of the frames of one request. */
  requestFramesBytesMax: 64 * mib,
  requestFramesMax: 10_000,
  /** Of JSON that carries long lists: batches, lists of blocks, of hashes, of ids. */
  requestJsonBytesMax: 16 * mib,
  /** Of any other JSON. */
  requestFieldsBytesMax: 1 * mib,
  /** Of JSON that anybody may send without a token, which is never compressed. */
  requestOpenBytesMax: 16 * kib,
  /** Decoded bytes of a JSON answer that a client takes: more than twice the longest page. */
  answerJsonBytesMax: 64 * mib,
  /** Limits of `.holdfastignore`, which others may write: lines beyond them do not count, and are reported. */
  ignoreBytesMax: 256 * kib,
  ignoreLinesMax: 10_000,
  ignoreLineCharactersMax: 1024,
  /** Objects, lists and members of one JSON body: more than 16 MiB of hashes and sizes have, and far fewer than 16 MiB could. */
  requestJsonValuesMax: 640 * kib,
  /** Of one object of a JSON body. */
  requestMembersMax: 4096,
  /** Of one list of blocks or of splices: more do not fit into the JSON of a request. */
  requestEntriesMax: 256 * kib,
  /** Of all JSON bodies that are decoded and not yet answered; above it the next ones wait. Bodies as short as open ones do not count. */
  jsonBytesAtOnceMax: 32 * mib,
  batchOperationsMax: 1000,
  queryHashesMax: 10_000,
  fetchHashesMax: 1000,
  manifestsMax: 1000,
  /** Entries that an answer with the lists of many versions has before it leaves out the rest. */
  manifestEntriesAtOnceMax: 128 * kib,
  /** Entries in which two lists may differ to be answered as splices, those of both counted. */
  differenceEntriesMax: 128 * kib,
  listItemsMax: 1000,
  /** Children of a folder that are counted for its first page, for which that costs one call more. */
  countedPerCall: 10_000,
  /** Of a page of nodes, about: with the one that goes beyond it ends early. */
  listBytesMax: 4 * mib,
  /** Files and folders of the whole space that changed since the moment to which a rewind goes. */
  rewindNodesMax: 500_000,
  /** Steps of a rewind that is done before it is answered; a larger one is a job. */
  rewindStepsAtOnce: 1000,
  /** Of each kind of change, those that the answer of a rewind names. */
  rewindSampleMax: 20,
  /** Folders that one page of a recursive list looks into: where many are empty it ends early. */
  listFoldersMax: 1000,
  listItemsDefault: 200,
  searchTextBytesMax: 255,
  searchWordsMax: 8,
  /** Of the caller's own nodes so many of the newest are looked at before the index of names is. */
  searchNewestRows: 2000,
  /** Where no index helps, so many names are looked at for one page. */
  searchRowsMax: 10_000,
  /** So often a page is filled up again where what matched lies in the trash or elsewhere. */
  searchRoundsMax: 4,
  /** Things that others have shared, the newest, in which names are searched, and of them in one page. */
  searchSharesMax: 1000,
  searchPlacesMax: 20,
  inlineBlocksMax: 16,
  downloadRangesMax: 64,
  /** Archives of accounts that one process makes at once, of one account one. */
  exportsAtOnceMax: 4,
  emailBytesMax: 254,
  passwordBytesMin: 8,
  /** How long a mailed link sets a new password. */
  passwordResetMs: 30 * 60_000,
  /** Between two such mails to one account. */
  passwordResetPauseMs: 5 * 60_000,
  /** Wrong codes of an authenticator app in a row, after which each has to wait. */
  secondFactorFailuresMax: 5,
  /** How long a session may do what cannot be taken back, once its person has proved who they are. */
  sessionProofMs: 60 * 60_000,
  /** How long such a proof does in place of a password that nobody knows, where one is asked for each time. */
  freshProofMs: 10 * 60_000,
  /** Between making the secret of an authenticator app and confirming it. */
  secondFactorSetUpMs: 15 * 60_000,
  recoveryCodes: 10,
  /** Of one account. */
  passkeysMax: 20,
  /** Between leaving for an outside issuer and coming back, and once more for the second factor. */
  outsideSignInMs: 10 * 60_000,
  /** Outside identities of one account. */
  outsideIdentitiesMax: 10,
  /** Values of a claim that give something, and domains of a setting. */
  outsideMappingsMax: 200,
  /** That an outside issuer may take for one answer, and the bytes of it. */
  outsideAnswerMs: 10_000,
  outsideAnswerBytesMax: 1024 * 1024,
  /** Conversations with an outside issuer of one server process at once. */
  outsideAtOnceMax: 20,
  /** Of one list of addresses from which something may be used. */
  addressNetworksMax: 100,
  /** The longest time that who must have a second factor may be given for it. */
  factorGraceMs: 365 * 86_400_000,
  /** Between asking for a passkey and its answer. */
  passkeyChallengeMs: 5 * 60_000,
  passwordBytesMax: 1024,
  /** Of one user; with one more sign-in the device goes that was not seen for longest. */
  devicesMax: 1000,
  /** Of one account. */
  starsMax: 10_000,

  /** Of a file of which a thumbnail is made. */
  thumbSourceBytesMax: 64 * mib,
  /** Width times height; a photo has up to 50 million, of the largest cameras 100. */
  thumbSourcePixelsMax: 120_000_000,
  /** From the file's first byte to the thumbnail's last. */
  thumbTimeoutMs: 20_000,
  /** Of a process that makes thumbnails, all in all: what needs more has none. */
  thumbMemoryBytesMax: 1 * gib,
  /** Thumbnails that wait to be made, and of them those of one account; beyond that the client is to ask again. */
  thumbsWaitingMax: 1024,
  thumbsWaitingShareMax: 256,
  /** What ended its process, or took too long, is tried again after so long. */
  thumbRetryMs: 24 * 60 * 60 * 1000,
  /** Days, the current one included, that the tag of a list is good for. */
  thumbTagDays: 2,
  /** Folders of others in which the tag of one list lets look. */
  thumbTagPlacesMax: 32,

  /** Files that an account changed lately: so many are told, of so many nodes that the newest entries of journals name. */
  recentItemsMax: 200,
  recentCandidatesMax: 1000,
  /** Of the own space's journal, and of those of other spaces together, of which so many are looked at. */
  recentEntriesMax: 10_000,
  recentSpacesMax: 20,
  /** Personal access tokens of one user. */
  tokensMax: 1000,
  /** Programs that an administrator has registered, each by hand. */
  oauthClientsMax: 200,
  /** Of one server. */
  groupsMax: 10_000,
  groupMembersMax: 10_000,
  /** That one account is in: each request of it reads them. */
  groupsOfAccountMax: 200,
  groupNameLengthMax: 200,
  /** Of one page of a list that an identity system (SCIM) asks for, and how far into the list a page may begin. */
  scimPageMax: 200,
  scimStartIndexMax: 200_000,
  scimFilterLengthMax: 512,
  /** Operations of one PATCH, and members that one request may change. */
  scimOperationsMax: 1000,
  scimMembersChangedMax: 1000,
  /** Members that one page of groups shows; a page ends with the group that goes beyond. */
  scimMembersShownMax: 10_000,
  /** People found by one search. */
  peopleFoundMax: 20,
  /** Letters that a search by name needs. */
  peopleQueryLengthMin: 2,
  /** Members of the caller's groups that one search reads. */
  peopleSearchedMax: 20_000,
  /** Newest shares of the caller that one search reads, in the own space and in other spaces each. */
  peopleGuestsMax: 1000,

  headerBytesMax: 16 * kib,
  headerTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 30_000,
  /** Of a body so much must come in each `bodyRateWindowMs` in which its reader waits for it: 256 bytes a second. */
  bodyRateBytesMin: 15 * kib,
  bodyRateWindowMs: 60_000,
  /** Requests of one account, or without a token of one address, that are under way; polls have a limit of their own. */
  requestsAtOnceMax: 2048,
  /** Of them those whose body, of more than 64 KiB or of unknown length, is read; the bodies of the next ones wait on their way. */
  bodiesAtOnceMax: 64,
  /** Of the store, read for answers that their clients have not taken yet: in all, and of one account or address. Above it the next ones wait. */
  readBytesAtOnceMax: 256 * mib,
  readBytesShareMax: 64 * mib,
  /** An answer of which nothing was taken for so long is cut off as soon as another one waits for its memory. */
  answerStallMs: 30_000,
  /** Handed to the connection at once; of it nothing less counts as taken. */
  answerSliceBytes: 256 * kib,
  /** A client that takes less than a slice of an answer in so long (a paused player does for a while) is cut off. */
  answerIdleTimeoutMs: 5 * 60_000,
  keepAliveTimeoutMs: 75_000,
  shutdownTimeoutMs: 10_000,

  /** While one PUT of a resumable upload runs, at most this much is received and not yet durable. */
  uploadDurableBytesMax: 16 * mib,
  uploadUrlLifetimeMs: 15 * 60_000,

  /** Addresses of content that one request has signed. */
  signedUrlsMax: 100,
  /** Files and folders of one zip, whose ids all stand in its address. */
  zippedNodesMax: 250,
  signedUrlBytesMax: 7 * kib,
  signedUrlLifetimeMs: 15 * 60_000,

  /** Mails that one account causes in an hour, invitations to strangers included; as many may come at once. Above it nothing is mailed. */
  mailsCausedHourMax: 100,
  /** Two mails that tell one account of something are so far apart; what comes between goes with the later one. */
  mailPauseMs: 60_000,
  /** Things that one mail tells of; of more their number. */
  mailNoticesMax: 30,
  /** Things that wait to be mailed to one account. */
  mailItemsMax: 1000,
  /** What somebody writes to whom they invite, as it stands in the mail. */
  mailMessageCharactersMax: 1000,
  /** That a mail was sent is remembered for so long, against sending it twice. */
  mailSentLifetimeMs: 7 * 24 * 3600_000,

  accessTokenLifetimeMs: 15 * 60_000,
  linkSessionLifetimeMs: 15 * 60_000,
  /** So long whoever downloads by a link may go on with it from the same address without being counted again. */
  linkDownloadLifetimeMs: 24 * 3600_000,
  /** So long a device that signs in by a browser waits for a person's answer. */
  deviceCodeLifetimeMs: 10 * 60_000,
  refreshTokenLifetimeMs: 30 * 24 * 3600_000,
  invitationLifetimeMs: 7 * 24 * 3600_000,
  /** After this a token that has expired, and a device that is signed in no more, are forgotten. */
  credentialRecordLifetimeMs: 30 * 24 * 3600_000,
  operationLifetimeMs: 14 * 24 * 3600_000,
  journalLifetimeMs: 90 * 24 * 3600_000,
  /** Contents that a device that removes its copies asks for in one request, which anybody may send: it is short. */
  clearingContentsMax: 200,
  /** What has arrived and is named by nothing counts as stored for so long. */
  stagedLifetimeMs: 24 * 3600_000,
  /** Packs that a restore drill restores and rereads, drawn by chance. */
  drillPacks: 64,
  /** Scrubbing takes this share of the disk's time, in turns of so long; a pack that takes longer rests the longer after it. */
  scrubShareMax: 0.1,
  scrubTurnMs: 3000,
  /** A pass that failed, for a store that is away. */
  scrubRetryMs: 3600_000,
  /** Of a new server: what is of no use to anybody need not be copied. */
  firstSnapshotMs: 180_000,
  /** So long a rewind can be undone. */
  rewindLifetimeMs: 30 * 24 * 3600_000,
  dataKeyLifetimeMs: 90 * 24 * 3600_000,

  /** What a message of the queue carries. What is larger is kept elsewhere, and the message names it. */
  messageBytesMax: 64 * kib,
  messageKeyBytesMax: 512,
  /** Of people, groups and links at one node; more are reached through a group. */
  grantsPerNodeMax: 5000,
  /** Folders of others in one account's own space; a cursor names the journals of all of them. */
  mountsMax: 100,
  tokenBytesMax: 12_000,
  /** Of a list's cursor in a URL, which may hold a token. */
  cursorBytesMax: 16_000,
  linkNameBytesMax: 255,
  /** Of what somebody writes who reports a link; as much of a link as wait for an administrator; and how long those that were resolved are kept. */
  reportTextBytesMax: 8 * kib,
  reportsOpenMax: 20,
  reportLifetimeMs: 365 * 24 * 3600_000,
  shareMessageBytesMax: 2000,
  /** A message that was given up, and a task that is finished, are forgotten after this. */
  deadMessageLifetimeMs: 90 * 24 * 3600_000,
  taskLifetimeMs: 30 * 24 * 3600_000,

  /** So long what is recorded in the audit is gathered before it is written, unless the answer waits for it; and so much at once. */
  auditDelayMs: 250,
  auditEntriesAtOnceMax: 500,
  auditAppendBytesMax: 4 * mib,
  /** With so much that could not be written nothing is done that would have to be recorded. */
  auditWaitingBytesMax: 32 * mib,
  auditRetryMs: 1000,
  /** So often the end of the audit is kept outside of the database. */
  auditHeadMs: 60_000,
  /** What one caller does again within this is counted in one entry; of so many at once. */
  auditRepeatMs: 60_000,
  auditRepeatsMax: 10_000,
  auditPageMax: 5000,
  /** Nodes that an entry names where it goes to a syslog server, which may cut what is long. */
  auditSyslogNodesMax: 20,

  /** A commit's transaction holds the space lock no longer than about this; larger batches are cut. */
  commitLockMs: 50,
  pollSecondsMax: 90,
  /** Without the header `Timeout`; below the minute at which many proxies cut. */
  pollSecondsDefault: 55,
} as const;
