/** Messages by the server's error code. Each names the problem and what to do next. */
export const problem = {
  "problem.unreachable": "The server cannot be reached. Try again in a moment.",
  "problem.away": "The server cannot be reached. Nothing was changed.",
  "problem.unavailable": "The server is busy or starting up. Try again in a moment.",
  "problem.rate_limited": "Too many requests. Wait a minute, then try again.",
  "problem.unauthenticated": "You are signed out. Sign in and try again.",
  "problem.forbidden": "You do not have permission. Ask the owner.",
  "problem.not_found": "This no longer exists, or is no longer shared with you.",
  "problem.exists": "Something with this name already exists. Choose another name.",
  "problem.conflict": "It was changed elsewhere. Check the latest version, then try again.",
  "problem.trashed": "It is in the trash. Restore it first.",
  "problem.cycle": "A folder cannot be moved into itself.",
  "problem.too_large": "It is too large for this server.",
  "problem.locked": "It is in use. Try again in a moment.",
  "problem.store_full": "The server’s disk is full. An administrator has to free up space (Administration, Storage).",
  "problem.quota": "Not enough storage. Delete old versions or empty the trash. An administrator can raise the limit.",
  "problem.quota_versions":
    "Old versions fill your storage. The largest ones are in {path}: delete old versions there. An administrator can raise the limit.",
  "problem.internal":
    "Something went wrong on the server. Try again; if it keeps happening, the server’s log has the reason.",
} as const;
