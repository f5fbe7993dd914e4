/**
 * What clients and servers must agree on. Whoever changes a schema changes the pinned hash below (the test prints the new one) and decides:
 * an addition that old clients ignore keeps the version; anything that an old client would trip over raises it.
 */
export const protocolVersion = 1;

/** SHA-256 over the JSON schemas of all routes and the kinds and header of frames; see version.test.ts. */
export const protocolHash = "dd397c1ef5f1b35547ed63159e4153df5ab7a3b6e24751cbee21d1b669c4268c";
