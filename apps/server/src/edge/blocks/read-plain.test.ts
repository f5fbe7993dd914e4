import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, SpaceId } from "@holdfast/core/ids";
import type { BlockService } from "../../packs/service/block-service.ts";
import { readBase } from "./read-plain.ts";

const hash = "00".repeat(32) as HashHex;
const spaceId = "space" as SpaceId;

function failing(code: "unavailable" | "damaged", lost: readonly HashHex[]): BlockService {
  const read = () => ({ next: () => Promise.reject(new HoldfastError(code, "It cannot be read.")) });
  return { read, lost: async () => new Set(lost) } as unknown as BlockService;
}

test("a base that must be sent again counts as absent, and one that may be read later is unavailable", async () => {
  assert.equal(await readBase(failing("damaged", []), spaceId, hash), undefined);
  assert.equal(await readBase(failing("unavailable", [hash]), spaceId, hash), undefined);
  await assert.rejects(readBase(failing("unavailable", []), spaceId, hash), { code: "unavailable" });
});
