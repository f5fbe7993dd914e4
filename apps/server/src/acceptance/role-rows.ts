import { createHash, randomBytes } from "node:crypto";
import type { RouteName, routes } from "@holdfast/protocol/routes";
import type { ApiAnswer } from "./testing.ts";

export const columns = ["owner", "editor", "commenter", "viewer", "uploader", "none"] as const;
export type Column = (typeof columns)[number];

/** Nodes of one case: nested folders, a file, nodes to remove and trash, with the owner's related objects. */
export interface Case {
  readonly number: number;
  readonly top: string;
  readonly folder: string;
  readonly file: string;
  readonly version: string;
  readonly doomed: string;
  readonly purged: string;
  readonly trashed: string;
  readonly trashedToo: string;
  readonly comment: string;
  readonly hash: string;
  /** For another user, at the file. */
  readonly permission: string;
  readonly link: string;
  /** Complete but not committed. */
  readonly upload: string;
}

export interface Row {
  readonly request: (nodes: Case) => readonly [method: string, path: string, json?: unknown, init?: RequestInit];
  /** In the order of the columns. `*` is any digit, `a|b` one of two. */
  readonly answers: string;
  /** Part of the answer that the columns check. Defaults to the status. */
  readonly says?: (answer: ApiAnswer) => string;
}

const bytes = (body: string) => ({ body, headers: { "content-type": "application/octet-stream" } });
const block = "a block of somebody's";
const blockHash = createHash("sha256").update(block).digest("hex");
const reads = { answers: "200 200 200 200 404 404" };
const marks = { answers: "204 204 204 204 404 404" };
const creates = { answers: "201 201 403 403 201 404" };
const writes = { answers: "200 200 403 403 404 404" };
/** Objects visible only to their creator, independent of access to the node. */
const makersOwn = { answers: "200 404 404 404 404 404" };
const operation = (what: object) => ({
  operations: [{ operation_id: randomBytes(16).toString("hex"), ...what }],
});
const resultOf = ({ status, body }: ApiAnswer) =>
  status === 200 ? `${body.results[0].code ?? body.results[0].status}` : String(status);
/** Routes that read or change files. Others do not depend on roles. */
type FileRoute = {
  [Name in RouteName]: (typeof routes)[Name]["access"] extends "files:read" | "files:write" ? Name : never;
}[RouteName];

const ofView = "everything in the caller's view; the change feed and the lists have their own tests";
const ofTransfer = "the two accounts of a transfer";

/**
 * Answers of each file route to each role, in call order: destructive calls come last. Each needs rows, or the reason
 * why roles do not matter, to compile.
 */
export const roleRows: Readonly<Record<FileRoute | "createWebhook", Readonly<Record<string, Row>> | string>> = {
  getNode: {
    "look up a file": { request: ({ file }) => ["GET", `/files/${file}`], ...reads },
    "look up a folder": { request: ({ folder }) => ["GET", `/files/${folder}`], ...reads },
  },
  lookUpPath: {
    "look up by the owner's path": {
      request: ({ number }) => ["GET", `/metadata?path=/case ${number}/top/folder`],
      answers: "200 404 404 404 404 404",
    },
  },
  listFolder: {
    "list a folder": { request: ({ folder }) => ["GET", `/folders/${folder}/contents`], ...reads },
    "list all below": { request: ({ folder }) => ["GET", `/folders/${folder}/contents?recursive=true`], ...reads },
  },
  search: {
    "search in a folder": { request: ({ folder }) => ["GET", `/search?q=file&in=${folder}`], ...reads },
  },
  queryNodes: {
    "ask what is live": {
      request: ({ file }) => ["POST", "/nodes/query", { ids: [file] }],
      answers: "live live live live gone gone",
      says: ({ status, body }) => (status === 200 ? body.items[0].state : String(status)),
    },
  },
  download: { download: { request: ({ file }) => ["GET", `/files/${file}/download`], ...reads } },
  createSignedUrls: {
    "ask for the address of content": {
      request: ({ file }) => ["POST", "/signed-urls", { items: [{ id: file, use: "download" }] }],
      ...reads,
    },
  },
  getManifest: { "read the list of blocks": { request: ({ file }) => ["GET", `/files/${file}/manifest`], ...reads } },
  queryManifests: {
    "read the lists of versions": {
      request: ({ version }) => ["POST", "/manifests", { version_ids: [version] }],
      answers: "1 1 1 1 0 0",
      says: ({ status, body }) =>
        status === 200 ? String(JSON.stringify(body).match(/"hash"/g)?.length ?? 0) : String(status),
    },
  },
  getBlock: {
    "read a block by its hash": {
      request: ({ hash }) => ["GET", `/blocks/${hash}`],
      answers: "200 404 404 404 404 404",
    },
  },
  fetchBlocks: {
    "fetch the blocks of a version": {
      request: ({ version, hash }) => ["POST", "/blocks/fetch", { items: [{ version_id: version, hashes: [hash] }] }],
      answers: "content content content content nothing nothing",
      says: ({ status, body }) => {
        if (status !== 200) return String(status);
        return Buffer.from(body).includes("the content of case") ? "content" : "nothing";
      },
    },
  },
  listVersions: { "list versions": { request: ({ file }) => ["GET", `/files/${file}/versions`], ...reads } },
  listComments: { "list comments": { request: ({ file }) => ["GET", `/files/${file}/comments`], ...reads } },
  listActivity: { "list the activity": { request: ({ folder }) => ["GET", `/activity?in=${folder}`], ...reads } },
  listTrash: {
    "list the trash of a folder": {
      request: ({ folder }) => ["GET", `/trash?in=${folder}`],
      ...writes,
    },
  },
  listPermissions: {
    "list permissions": { request: ({ file }) => ["GET", `/files/${file}/permissions`], ...writes },
  },
  starNode: { star: { request: ({ file }) => ["PUT", `/files/${file}/star`], ...marks } },
  unstarNode: {
    unstar: { request: ({ file }) => ["DELETE", `/files/${file}/star`], answers: "204 204 204 204 404 404" },
  },
  getWatch: { "read a watch": { request: ({ file }) => ["GET", `/files/${file}/watch`], ...reads } },
  watchNode: { watch: { request: ({ file }) => ["PUT", `/files/${file}/watch`], ...marks } },
  unwatchNode: {
    unwatch: { request: ({ file }) => ["DELETE", `/files/${file}/watch`], answers: "204 204 204 204 404 404" },
  },
  createMount: {
    mount: {
      request: ({ folder, number }) => ["POST", "/mounts", { node_id: folder, name: `mount ${number}` }],
      answers: "422 201 201 201 404 404",
    },
  },
  createWebhook: {
    "be called": {
      request: ({ folder }) => [
        "POST",
        "/webhooks",
        { url: "https://example.com/", secret: "s", events: ["edited"], in: folder },
      ],
      answers: "201 201 201 201 404 404",
    },
  },
  createNode: {
    "make a folder": {
      request: ({ folder }) => ["POST", "/metadata", { parent_id: folder, name: "made", kind: "folder" }],
      ...creates,
    },
  },
  syncFile: {
    // Precedes the change of the version.
    "write a version by its blocks": {
      request: ({ file, version, hash }) => [
        "POST",
        `/files/${file}/sync`,
        { current_version: version, new_block_hashes: [hash] },
      ],
      answers: "200 200 403 403 404 404",
    },
  },
  upload: {
    upload: {
      request: ({ folder }) => [
        "POST",
        `/files/upload?uploadType=media&parent_id=${folder}&name=uploaded`,
        undefined,
        bytes("uploaded"),
      ],
      ...creates,
    },
    "begin an upload": {
      request: ({ folder }) => [
        "POST",
        "/files/upload?uploadType=resumable",
        { parent_id: folder, name: "in pieces", size: 6 },
      ],
      answers: "200 200 403 403 200 404",
    },
    "write a version": {
      request: ({ file }) => ["POST", `/files/upload?uploadType=media&file_id=${file}`, undefined, bytes("second")],
      ...writes,
    },
  },
  getUpload: { "look at an upload": { request: ({ upload }) => ["GET", `/upload/${upload}`], ...makersOwn } },
  putUpload: {
    "send a piece": {
      request: ({ upload }) => [
        "PUT",
        `/upload/${upload}`,
        undefined,
        { body: "", headers: { "content-range": "bytes */7" } },
      ],
      answers: "308 404 404 404 404 404",
    },
  },
  postUpload: {
    "send a piece by POST": {
      request: ({ upload }) => [
        "POST",
        `/upload/${upload}`,
        undefined,
        { body: "", headers: { "content-range": "bytes */7" } },
      ],
      answers: "308 404 404 404 404 404",
    },
  },
  commitUpload: {
    "finish an upload": {
      request: ({ upload }) => ["POST", `/upload/${upload}/commit`, {}],
      answers: "4** 404 404 404 404 404",
    },
  },
  deleteUpload: {
    "give an upload up": {
      request: ({ upload }) => ["DELETE", `/upload/${upload}`],
      answers: "204 404 404 404 404 404",
    },
  },
  putBlock: {
    "send a block": {
      request: ({ folder }) => ["PUT", `/chunks/${blockHash}?into=${folder}`, undefined, bytes(block)],
      answers: "20* 20* 403 403 20* 404",
    },
  },
  putBlocks: {
    "send blocks": {
      request: ({ folder }) => ["POST", `/blocks?into=${folder}`, undefined, bytes("")],
      answers: "200 200 403 403 200 404",
    },
  },
  discardBlocks: {
    "discard blocks": {
      request: ({ folder }) => ["POST", "/blocks/discard", { hashes: [blockHash], into: folder }],
      answers: "200 200 403 403 200 404",
    },
  },
  queryBlocks: {
    "ask for blocks": {
      request: ({ folder }) => ["POST", "/blocks/query", { hashes: [blockHash], into: folder }],
      answers: "200 200 403 403 200 404",
    },
  },
  createBlockUploadUrl: {
    "ask for an address": {
      request: ({ folder }) => ["POST", "/blocks/upload-url", { hash: blockHash, size: block.length, into: folder }],
      answers: "200 200 403 403 200 404",
    },
  },
  labelVersion: {
    "label a version": { request: ({ file }) => ["PATCH", `/files/${file}/versions/1`, { label: "good" }], ...writes },
  },
  pruneVersions: {
    "delete old versions": {
      request: ({ file }) => ["POST", `/files/${file}/versions/prune`, { keep: 1, dry_run: true }],
      answers: "200 403 403 403 404 404",
    },
  },
  restoreVersion: {
    "bring a version back": { request: ({ file }) => ["POST", `/files/${file}/restore?version=1`], ...writes },
  },
  syncDelta: {
    "make a folder in a batch": {
      request: ({ folder }) => ["POST", "/sync/delta", operation({ op: "mkdir", parent_id: folder, name: "batched" })],
      answers: "committed committed forbidden forbidden committed not_found",
      says: resultOf,
    },
    "rename in a batch": {
      request: ({ file }) => ["POST", "/sync/delta", operation({ op: "move", file_id: file, name: "moved" })],
      answers: "committed committed forbidden forbidden not_found not_found",
      says: resultOf,
    },
  },
  updateNode: { rename: { request: ({ file }) => ["PATCH", `/files/${file}`, { name: "renamed" }], ...writes } },
  copyNode: {
    copy: {
      request: ({ file, folder }) => ["POST", `/files/${file}/copy`, { parent_id: folder, name: "copied" }],
      answers: "201 201 403 403 404 404",
    },
  },
  createComment: {
    comment: {
      request: ({ file }) => ["POST", `/files/${file}/comments`, { text: "well" }],
      answers: "201 201 201 403 404 404",
    },
  },
  resolveComment: {
    "resolve a comment": {
      request: ({ comment }) => ["POST", `/comments/${comment}/resolve`, {}],
      answers: "200 200 200 403 404 404",
    },
  },
  updateComment: {
    "change the owner's comment": {
      request: ({ comment }) => ["PATCH", `/comments/${comment}`, { text: "otherwise" }],
      answers: "200 403 403 403 404 404",
    },
  },
  deleteComment: {
    "delete the owner's comment": {
      request: ({ comment }) => ["DELETE", `/comments/${comment}`],
      answers: "204 403 403 403 404 404",
    },
  },
  shareNode: {
    "share on": {
      request: ({ file }) => ["POST", `/files/${file}/share`, { email: "someone@example.com", role: "viewer" }],
      answers: "201 201 403 403 404 404",
    },
    "share by link": {
      request: ({ file }) => ["POST", `/files/${file}/share`, { link: true, role: "viewer" }],
      answers: "201 201 403 403 404 404",
    },
  },
  updatePermission: {
    "change what the owner gave": {
      request: ({ permission }) => ["PATCH", `/permissions/${permission}`, { role: "commenter" }],
      answers: "200 403 404 404 404 404",
    },
  },
  readLinkAddress: {
    "read the address of the owner's link": {
      request: ({ link }) => ["POST", `/permissions/${link}/link`],
      answers: "200 403 404 404 404 404",
    },
  },
  deletePermission: {
    "take away what the owner gave": {
      request: ({ permission }) => ["DELETE", `/permissions/${permission}`],
      answers: "204 403 404 404 404 404",
    },
  },
  rewind: {
    "try to rewind": {
      request: ({ folder }) => ["POST", `/files/${folder}/rewind`, { to: new Date().toISOString(), dry_run: true }],
      answers: "200 403 403 403 404 404",
    },
  },
  transferNode: {
    "give away": {
      request: ({ file }) => ["POST", `/files/${file}/transfer`, { email: "third@example.com" }],
      answers: "201 403 403 403 404 404",
    },
  },
  restoreFromTrash: {
    restore: {
      request: ({ trashed }) => ["POST", `/trash/${trashed}/restore`, {}],
      answers: "200 200 404 404 404 404",
    },
  },
  purgeFromTrash: {
    "remove from the trash": {
      request: ({ trashedToo }) => ["DELETE", `/trash/${trashedToo}`],
      answers: "204 403 404 404 404 404",
    },
  },
  deleteNode: {
    trash: { request: ({ doomed }) => ["DELETE", `/files/${doomed}`], ...writes },
    purge: {
      request: ({ purged }) => ["DELETE", `/files/${purged}?permanent=true`],
      answers: "204 403 403 403 404 404",
    },
  },
  undoRewind: "the account that started the rewind",
  acceptTransfer: ofTransfer,
  deleteTransfer: ofTransfer,
  listTransfers: ofTransfer,
  getJob: "the account that started the job",
  emptyTrash: ofView,
  listStarred: ofView,
  listRecent: ofView,
  listDamaged: ofView,
  getStartToken: ofView,
  listChanges: ofView,
  getSnapshot: ofView,
  pollChanges: ofView,
  pollEvents: ofView,
  listSharedWithMe: ofView,
  listSharedByMe: ofView,
  listNotifications: ofView,
  getUsage: "the caller's own space",
  getCurrentLink: "the link's secret",
  copyFromLink: "the link's secret",
};
