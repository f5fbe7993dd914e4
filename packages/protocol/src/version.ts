/**
 * What clients and servers must agree on. Whoever changes a schema changes the pinned hash below (the test prints the new one) and decides:
 * an addition that old clients ignore keeps the version; anything that an old client would trip over raises it.
 */
export const protocolVersion = 1;

/** SHA-256 over the JSON schemas of all routes and the kinds and header of frames; see version.test.ts. */
export const protocolHash = "71aba46343bd63f16614f89a4844287045a40f46f34fc67035f115eb1fe590b6";
