/**
 * Followed by the account id. The cache exists only during a session, and thumbnails are cached only while it exists.
 */
export const thumbCachePrefix = "holdfast-thumbs-";
/**
 * Lock for creating, opening and deleting the cache. Without it, a pending thumbnail could recreate a deleted cache.
 */
export const thumbCacheLock = "holdfast-thumbs";
