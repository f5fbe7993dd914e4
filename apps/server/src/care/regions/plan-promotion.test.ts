import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { planPromotion, type RegionDatabase } from "./plan-promotion.ts";
import { RegionServer } from "./region-server.ts";

const state = {
  system: "7",
  isPrimary: true,
  timeline: 1,
  startedAt: "1",
  endBytes: 0,
  acknowledgedBytes: 0,
  replayedBytes: 0,
};
const stopped = { receivedBytes: 100, lastChangeMs: 0, isReceiving: false, isPromotable: true };

/** @param found undefined: does not answer; a number: a primary on this timeline */
function server(
  host: string,
  region: string,
  found: Partial<typeof stopped> | { isReceiving: null } | number | undefined,
) {
  const made = new RegionServer("postgres://a@b/c", { host, port: 5432 }, region);
  if (typeof found === "number") made.state = { ...state, timeline: found };
  else if (found !== undefined) {
    made.state = { ...state, isPrimary: false, timeline: 0 };
    made.standby = { ...stopped, ...found };
  }
  return made;
}

const database = (name: string, ...servers: RegionServer[]): RegionDatabase => ({ name, places: [], servers });

function planned(databases: readonly RegionDatabase[], isForced = false) {
  const { promotions, already } = planPromotion(databases, "west", isForced);
  return { promoted: promotions.map((each) => each.server.name), already };
}

function fault(databases: readonly RegionDatabase[], isForced = false): string {
  try {
    planned(databases, isForced);
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.code === "conflict");
    return error.message;
  }
  throw new Error("no error");
}

test("the standby of the region that has received the most is promoted", () => {
  const shard = database(
    "shard main",
    server("e", "east", undefined),
    server("n", "north", { receivedBytes: 900 }),
    server("w1", "west", {}),
    server("w2", "west", { receivedBytes: 200 }),
  );
  assert.deepEqual(planned([shard]), { promoted: ["w2"], already: [] });
});

test("signs that others still run, or a silent server that may have more, need --force", () => {
  const west = server("w1", "west", {});
  for (const [others, message] of [
    [[server("e", "east", 1), west], /The primary of shard main still answers: e\. Stop it first\..* --force/],
    [[server("e", "east", undefined), server("w1", "west", { isReceiving: true })], /w1 .* still receives changes/],
    [[server("e", "east", undefined), server("w1", "west", { isReceiving: null })], /grant pg_monitor/],
    [[west, server("w2", "west", undefined)], /w2 .* does not answer and may have more changes than w1/],
  ] as const) {
    assert.match(fault([database("shard main", ...others)]), message);
    assert.deepEqual(planned([database("shard main", ...others)], true).promoted, ["w1"]);
  }
});

test("nothing is promoted if one of the databases has no standby in the region, even with --force", () => {
  const good = database("shard a", server("e", "east", undefined), server("w1", "west", {}));
  for (const isForced of [false, true]) {
    assert.match(
      fault([good, database("shard b", server("n", "north", {}))], isForced),
      /shard b has no server in west/,
    );
    const silent = database("cell c", server("w2", "west", undefined));
    assert.match(fault([good, silent], isForced), /cell c has no standby that answers in west\.$/);
  }
});

test("a database whose newest primary is in the region is done; an old one on an earlier timeline does not count", () => {
  const done = database("shard a", server("e", "east", 1), server("w1", "west", 2));
  const open = database("shard b", server("e", "east", undefined), server("w2", "west", {}));
  assert.deepEqual(planned([done, open]), { promoted: ["w2"], already: ["shard a"] });
  const moved = database("shard a", server("e", "east", 3), server("w1", "west", 2));
  assert.match(fault([moved], true), /no standby that answers/);
  const twice = database("shard a", server("e", "east", 2), server("w1", "west", 2));
  assert.match(fault([twice], true), /e and w1 are both primaries of shard a on the same timeline/);
});

test("nothing is promoted if the role may not promote one of the servers", () => {
  const good = database("shard a", server("e", "east", undefined), server("w1", "west", {}));
  const other = database("cell c", server("f", "east", undefined), server("w2", "west", { isPromotable: false }));
  assert.match(fault([good, other], true), /database URL of cell c may not promote w2/);
});

test("nothing is promoted if one of the servers is no copy of the others", () => {
  const other = server("w2", "west", { receivedBytes: 900 });
  if (other.state !== undefined) other.state = { ...other.state, system: "8" };
  const shard = database("shard a", server("w1", "west", {}), other);
  assert.match(fault([shard], true), /The servers of shard a are not copies of each other: w1; w2\./);
});
