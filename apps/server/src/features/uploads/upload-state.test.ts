import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { fc } from "@holdfast/tools/properties";
import { parseContentRange } from "./content-range.ts";
import { isComplete, nextStep, type UploadState } from "./upload-state.ts";

const begun: UploadState = { durable: 100, total: null, nodeId: null };
const finished: UploadState = { durable: 100, total: 100, nodeId: "node" };

function step(state: UploadState, range: string | undefined, contentLengthBytes: number | undefined) {
  const asked = range === undefined ? undefined : parseContentRange(range);
  try {
    return nextStep(state, { range: asked, contentLengthBytes });
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    return { code: error.code, field: error.field, ...error.body };
  }
}

const refused = { code: "bad_request", field: "Content-Range" };

test("each state of an upload handles each kind of request as in the table", () => {
  const sized = { ...begun, total: 300 };
  const full = { ...begun, total: 100 };
  const fresh = { ...begun, durable: 0 };
  const empty = { ...fresh, total: 0 };
  const table: [string, UploadState, string | undefined, number | undefined, object][] = [
    ["the next piece", begun, "bytes 100-199/300", 100, { do: "append", start: 100, end: 200, total: 300 }],
    [
      "the next piece, total unknown",
      begun,
      "bytes 100-199/*",
      100,
      { do: "append", start: 100, end: 200, total: null },
    ],
    ["a chunked piece", begun, "bytes 100-199/*", undefined, { do: "append", start: 100, end: 200, total: null }],
    ["a known total is kept", sized, "bytes 100-199/*", 100, { do: "append", start: 100, end: 200, total: 300 }],
    ["overlap", begun, "bytes 99-199/*", 101, { code: "offset", field: "Content-Range", size: 100 }],
    ["a gap", begun, "bytes 101-199/*", 99, { code: "offset", field: "Content-Range", size: 100 }],
    ["from the start again", begun, "bytes 0-99/*", 100, { code: "offset", field: "Content-Range", size: 100 }],
    ["another total", sized, "bytes 100-199/301", 100, refused],
    ["beyond the total", sized, "bytes 100-300/*", 201, refused],
    ["a body longer than named", begun, "bytes 100-199/*", 101, refused],
    ["a body shorter than named", begun, "bytes 100-199/*", 99, refused],
    ["state of an unknown total", begun, "bytes */*", 0, { do: "report" }],
    ["state of a known total", sized, "bytes */300", 0, { do: "report" }],
    ["state with another total", sized, "bytes */299", 0, refused],
    ["a total below what is here", begun, "bytes */99", 0, refused],
    ["the total that ends it", begun, "bytes */100", 0, { do: "finish", total: 100 }],
    ["all is there", full, "bytes */*", 0, { do: "finish", total: 100 }],
    ["a question with a body", begun, "bytes */*", 1, refused],
    ["the whole file", fresh, undefined, 50, { do: "append", start: 0, end: 50, total: 50 }],
    ["the whole file, chunked", fresh, undefined, undefined, { do: "append", start: 0, end: null, total: null }],
    ["the whole file of another size", { ...fresh, total: 49 }, undefined, 50, refused],
    ["the whole file in the middle", begun, undefined, 50, refused],
    ["an empty file", fresh, undefined, 0, { do: "finish", total: 0 }],
    ["an empty file by its total", fresh, "bytes */0", 0, { do: "finish", total: 0 }],
    ["an empty file that was said to be empty", empty, "bytes */*", 0, { do: "finish", total: 0 }],
    ["nothing yet", fresh, "bytes */*", 0, { do: "report" }],
    ["finished, a piece", finished, "bytes 0-9/10", 10, { do: "show" }],
    ["finished, a question", finished, "bytes */*", 0, { do: "show" }],
    ["finished, a whole file", finished, undefined, 7, { do: "show" }],
  ];
  for (const [name, state, range, length, expected] of table) {
    assert.deepEqual(step(state, range, length), expected, name);
  }
});

test("any request only appends at the durable offset within the total, and finishes only complete files", () => {
  const size = fc.integer({ min: 0, max: 12 });
  const maybe = fc.option(size, { nil: null });
  const range = fc.oneof(
    fc.constant(undefined),
    fc.record({ kind: fc.constant("query" as const), total: maybe }),
    fc
      .record({
        kind: fc.constant("piece" as const),
        start: size,
        length: fc.integer({ min: 1, max: 6 }),
        total: maybe,
      })
      .map(({ kind, start, length, total }) => ({ kind, start, end: start + length, total }))
      .filter(({ end, total }) => total === null || end <= total),
  );
  const state = fc
    .record({ durable: size, total: maybe, nodeId: fc.constantFrom(null, "node") })
    .filter(({ durable, total }) => total === null || durable <= total);
  fc.assert(
    fc.property(state, range, fc.option(size, { nil: undefined }), (at, asked, contentLengthBytes) => {
      let next: ReturnType<typeof nextStep>;
      try {
        next = nextStep(at, { range: asked, contentLengthBytes });
      } catch (error) {
        return error instanceof HoldfastError && (error.code === "offset" || error.field === "Content-Range");
      }
      if (at.nodeId !== null) return next.do === "show";
      if (next.do === "finish") return next.total === at.durable && (at.total ?? next.total) === next.total;
      if (next.do === "report") return !isComplete(at);
      if (next.do === "show") return false;
      const total = at.total ?? next.total;
      return next.start === at.durable && (next.end === null || total === null || next.end <= total);
    }),
    { numRuns: 3000 },
  );
});
