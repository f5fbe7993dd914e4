/**
 * Version of the protocol between clients and servers, reported in /api/openapi.json. The hashes of its schemas are pinned in
 * wire-hashes.json, which version.test.ts writes after a change. An addition that old clients ignore keeps the version; a change that
 * breaks them raises it.
 */
export const protocolVersion = 1;
