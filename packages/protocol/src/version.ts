/**
 * What clients and servers must agree on. Whoever changes a schema changes the pinned hash below (the test prints the new one) and decides:
 * an addition that old clients ignore keeps the version; anything that an old client would trip over raises it.
 */
export const protocolVersion = 1;

/** SHA-256 over the JSON schemas of all routes and the kinds and header of frames; see version.test.ts. */
export const protocolHash = "ed9ac4956a3c8ca20c82ac791f8905d5406a7194e17645352520ab2ccea43d4f";
