/** Groups of routes in the documentation, in their order, each with its description. */
export const routeTags = {
  "Sign-in": "Sessions of devices and browsers, personal access tokens, devices.",
  Account: "The caller's account: identity, limits and settings.",
  "Files and folders": "Files and folders: find, create, move, copy and delete. `root` is the caller's root folder.",
  "Uploads and downloads": "File content: in one request, by resumable upload, and by signed URLs.",
  "Versions and trash": "Recovery: old versions, deleted files, and folders as they were at an earlier time.",
  Sharing: "Permissions for people, groups and links; items that others share; transfers of ownership.",
  Links: "Access to a link by anyone who has its address, with or without an account.",
  "Comments and notices": "Comments, notifications and activity.",
  Changes: "Changes since a cursor, for clients that keep a copy.",
  Blocks: "How devices upload only new data: files as lists of blocks, many changes in one batch.",
  Administration: "For administrators: accounts, storage, jobs, keys and the audit log. Requires the scope `admin`.",
  Server: "Health, metrics, the description of the API, jobs, and the pages of the app.",
} as const;

export type RouteTag = keyof typeof routeTags;
