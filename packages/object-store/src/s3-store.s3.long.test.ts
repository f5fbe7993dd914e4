import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findProgram, requireComponent } from "@holdfast/tools/components";
import { makeS3Store } from "./s3-store.ts";
import { startRadosgw, startS3rver } from "./testing-s3-server.ts";
import type { S3TestServer } from "./testing-s3-server.ts";
import { testStore } from "./store-conformance.ts";

function describeServer(name: string, start: () => Promise<S3TestServer>, without: readonly string[]): void {
  describe(name, () => {
    let server: S3TestServer;
    let stores = 0;
    const openEmpty = async () => {
      stores += 1;
      // Small pages, so that short lists have several.
      const options = { location: server.locationOf(`store-${stores}/`), listPageKeysMax: 4 };
      return makeS3Store({ ...options, credentials: server.credentials });
    };
    before(async () => {
      server = await start();
    });
    after(() => server.stop());

    testStore(`S3 store on ${name}`, openEmpty, { without });

    test("a missing bucket is a failure for the administrator, not an absent object", async () => {
      const location = { ...server.locationOf(""), bucket: "nowhere" };
      const store = makeS3Store({ location, credentials: server.credentials });
      await assert.rejects(store.put("a", Buffer.from("x")), { code: "failed" });
      await assert.rejects(store.get("a"), { code: "failed" });
    });
  });
}

// It returns too few bytes for a range beyond the end, does not sort keys, and overwrites objects in place, so that
// concurrent readers get an error or a mixture.
describeServer("s3rver", startS3rver, [
  "a range that is empty or exceeds the object is rejected",
  "a list contains the keys with a prefix, in byte order",
  "concurrent puts of one key leave one complete object, and readers see only complete ones",
]);

if (findProgram("radosgw") === undefined) {
  test("S3 store on radosgw", (t) => void requireComponent(t, "radosgw"));
} else {
  describeServer("radosgw", startRadosgw, []);
}
