/** Followed by the account id. Exists only during a session. */
export const thumbCachePrefix = "holdfast-thumbs-";
/** Prevents a pending thumbnail from recreating a deleted cache. */
export const thumbCacheLock = "holdfast-thumbs";
