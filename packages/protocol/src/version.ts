/**
 * What clients and servers must agree on; the server tells it in /api/openapi.json. Its schemas are pinned in wire-hashes.json: whoever
 * changes one has version.test.ts write the new hash and decides. An addition that old clients ignore keeps the version; anything that an
 * old client would trip over raises it.
 */
export const protocolVersion = 1;
