/**
 * Version of the protocol between clients and servers, reported in /api/openapi.json. wire-hashes.json pins the hashes
 * of its schemas; version.test.ts writes it after a change. An addition that old clients ignore keeps the version. A
 * breaking change increases it.
 */
export const protocolVersion = 1;
