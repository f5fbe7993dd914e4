import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { HoldfastError } from "@holdfast/core/errors";
import { parseS3Location } from "./s3-location.ts";

test("an s3 address contains bucket, prefix, endpoint, region and style", () => {
  assert.deepEqual(parseS3Location("s3://my-bucket"), {
    bucket: "my-bucket",
    prefix: "",
    endpoint: undefined,
    region: "us-east-1",
    pathStyle: false,
  });
  assert.deepEqual(parseS3Location("s3://b-1/some/where/?endpoint=http://127.0.0.1:9000&region=eu-1&path_style=true"), {
    bucket: "b-1",
    prefix: "some/where/",
    endpoint: "http://127.0.0.1:9000",
    region: "eu-1",
    pathStyle: true,
  });
});

test("an invalid address is rejected with the right form, and never shows a key", () => {
  const wrong = [
    "s3:/",
    "s3://",
    "s3://B",
    "s3://x",
    "s3://bucket?regoin=x",
    "s3://bucket?path_style=yes",
    "s3://bucket?endpoint=ftp://x",
    "s3://bucket?endpoint=http://",
    "s3://bucket/UPPER",
    "s3://bucket/a//b",
    "s3://key:secret@bucket/a",
    "s3://bucket:80/a",
    "s3://bucket/a#b",
    "/folder",
  ];
  for (const location of wrong) {
    assert.throws(
      () => parseS3Location(location),
      (error: unknown) =>
        error instanceof HoldfastError &&
        error.code === "usage" &&
        /Write it as s3:/.test(error.message) &&
        !/secret/.test(error.message),
      location,
    );
  }
});

test("a missing bucket and an impossible bucket name are reported differently", () => {
  assert.throws(() => parseS3Location("s3://"), /names no bucket/);
  assert.throws(() => parseS3Location("s3://x"), /bucket names have 3 to 63/);
});

test("any invalid text fails with the same kind of error", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.webUrl({ withQueryParameters: true })), (rest) => {
      try {
        parseS3Location(`s3://${rest.replace(/^https?:\/\//, "")}`);
      } catch (error) {
        assert.ok(error instanceof HoldfastError && error.code === "usage");
      }
    }),
  );
});
