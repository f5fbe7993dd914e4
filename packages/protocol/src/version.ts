/**
 * What clients and servers must agree on. Whoever changes a schema changes the pinned hash below (the test prints the new one) and decides:
 * an addition that old clients ignore keeps the version; anything that an old client would trip over raises it.
 */
export const protocolVersion = 1;

/** SHA-256 over the JSON schemas of all routes and the kinds and header of frames; see version.test.ts. */
export const protocolHash = "7a4a595eddcb55c7ed339853f8f6e885cf0447624fbbbcb73c8ebb25ad9b2654";
