/** With the account behind it. Made when somebody is signed in, and deleted at the end of the session: while there is none, nothing is kept. */
export const thumbCachePrefix = "holdfast-thumbs-";
/** Held while it is made, opened or deleted: one that was deleted does not come back by a picture that was still under way. */
export const thumbCacheLock = "holdfast-thumbs";
