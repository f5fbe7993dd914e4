/** By the code that the server gives. Each says what is wrong and what to do next. */
export const problem = {
  "problem.unreachable": "The server does not answer. Nothing is lost; try again in a moment.",
  "problem.unavailable": "The server is busy or starting. Nothing is lost; try again in a moment.",
  "problem.rate_limited": "That was too much at once. Wait a minute, then try again.",
  "problem.unauthenticated": "You are not signed in any more. Sign in and try again.",
  "problem.forbidden": "You may not do this here. Ask whoever owns the folder.",
  "problem.not_found": "It is not there any more, or is not shared with you.",
  "problem.exists": "There is something with this name already. Choose another name.",
  "problem.conflict": "It was changed elsewhere meanwhile. Look at what is there now, then try again.",
  "problem.trashed": "It lies in the trash. Restore it first.",
  "problem.cycle": "A folder cannot go into itself.",
  "problem.too_large": "It is too large for this server.",
  "problem.locked": "Something else works with it just now. Try again in a moment.",
  "problem.store_full": "The server’s disk is full. Nothing is lost. An administrator has to make room.",
  "problem.quota": "There is not enough room. Delete old versions, empty the trash or ask for more room.",
  "problem.quota_versions":
    "Old versions fill your storage. {path} has the largest ones: delete old versions there, or ask for more room.",
  "problem.internal":
    "The server made a mistake. Nothing is lost; try again, and tell whoever runs the server if it stays.",
} as const;
