/**
 * What clients and servers must agree on. Whoever changes a schema changes the pinned hash below (the test prints the new one) and decides:
 * an addition that old clients ignore keeps the version; anything that an old client would trip over raises it.
 */
export const protocolVersion = 1;

/** SHA-256 over the JSON schemas of all routes and the kinds and header of frames; see version.test.ts. */
export const protocolHash = "4c3ea4ec4baeed44ca276ad22a77f249ba801c2234ca046293ea16b19e174b8c";
