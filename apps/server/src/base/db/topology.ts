import { bucketCount } from "@holdfast/core/ids";
import { z } from "zod";
import { databaseUrlFault, parseDatabaseUrl } from "./primary/database-url.ts";

/** First and last bucket, inclusive. */
const bucketRange = z
  .tuple([bucketNumber(), bucketNumber()])
  .refine(([first, last]) => first <= last, "the first bucket of a range is greater than its last");
const databaseUrl = z.string().check((context) => {
  const fault = databaseUrlFault(context.value);
  if (fault !== undefined) context.issues.push({ code: "custom", message: `a database URL ${fault}`, input: "" });
});
const replicaUrl = databaseUrl.refine(
  (url) => databaseUrlFault(url) !== undefined || parseDatabaseUrl(url).hosts.length === 0,
  "a URL in replica_urls must have a single host",
);
const placeId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "an ID can only contain a-z, 0-9 and -");
/**
 * Each map covers every bucket once. Independent maps let metadata move between shards without content. A new shard has
 * no buckets until some are moved to it. Without `database_url` a place is in the default database.
 */
export const topologySchema = z.strictObject({
  shards: places(
    z.strictObject({
      id: placeId,
      buckets: z.array(bucketRange),
      database_url: databaseUrl.optional(),
      replica_urls: z.array(replicaUrl).default([]),
    }),
  ),
  cells: places(
    z.strictObject({
      id: placeId,
      buckets: z.array(bucketRange).min(1),
      database_url: databaseUrl.optional(),
      store: z.string().min(1).optional(),
      second_store: z.string().min(1).optional(),
    }),
  ),
  /** Servers of database URLs by region, for `holdfast admin region`. */
  regions: z
    .record(placeId, z.array(z.string().min(1)).min(1))
    .refine((regions) => {
      const servers = Object.values(regions).flat();
      return new Set(servers).size === servers.length;
    }, "a server is in two regions")
    .optional(),
});

export type Topology = z.infer<typeof topologySchema>;

export const embeddedTopology: Topology = topologySchema.parse({
  shards: [{ id: "main", buckets: [[0, bucketCount - 1]] }],
  cells: [{ id: "main", buckets: [[0, bucketCount - 1]] }],
});

function bucketNumber() {
  return z
    .int()
    .min(0)
    .max(bucketCount - 1);
}

interface Place {
  readonly id: string;
  readonly buckets: readonly (readonly [number, number])[];
  readonly database_url?: string | undefined;
}

function places<Shape extends z.ZodType<Place>>(shape: Shape) {
  return z
    .array(shape)
    .min(1)
    .check((context) => {
      for (const message of faultsOf(context.value)) {
        context.issues.push({ code: "custom", message, input: context.value });
      }
    });
}

function faultsOf(all: readonly Place[]): string[] {
  const faults: string[] = [];
  const repeated = all.find((place, index) => all.findIndex((other) => other.id === place.id) !== index);
  if (repeated !== undefined) faults.push(`the ID ${repeated.id} is used twice`);
  // Places in one database would share a schema.
  const databases = all.map((place) => place.database_url ?? "the default database");
  const shared = databases.findIndex((database, index) => databases.indexOf(database) !== index);
  if (shared !== -1) faults.push(`${all[shared]?.id} is in the same database as another`);
  const ranges = all
    .flatMap((place) => place.buckets.map(([first, last]) => ({ first, last, id: place.id })))
    .toSorted((left, right) => left.first - right.first);
  let next = 0;
  for (const { first, last, id } of ranges) {
    if (first < next) faults.push(`bucket ${first} of ${id} is mapped twice`);
    if (first > next) faults.push(`buckets ${next} to ${first - 1} are not mapped`);
    next = Math.max(next, last + 1);
  }
  if (next < bucketCount) faults.push(`buckets ${next} to ${bucketCount - 1} are not mapped`);
  return faults;
}
