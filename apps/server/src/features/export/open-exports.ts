import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Language } from "@holdfast/protocol/account-settings";
import { toDiskError } from "@holdfast/disk/disk-error";
import type { Caller } from "../accounts/context/caller.ts";
import type { ReadingOptions } from "../../packs/service/block-service.ts";
import { ExportSpool, spoolSuffix } from "./export-spool.ts";
import { listAccount } from "./list-account.ts";
import type { ContentParts } from "../content/read-together.ts";
import { writeArchive } from "./write-archive.ts";

export interface ExportWorld extends ContentParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly serverId: string;
  readonly language: Language;
  readonly countsOf: (max: number) => Counting;
  /** Contains only the lists of running exports. */
  readonly folder: string;
}

interface Counting {
  /** @throws HoldfastError rate_limited */
  enter(key: string): () => void;
}

export interface ExportRequest {
  readonly caller: Caller;
  readonly withVersions: boolean;
  readonly reading: Required<Pick<ReadingOptions, "signal" | "reading">>;
}

export type Exports = (request: ExportRequest) => AsyncGenerator<Uint8Array>;

/** Archives of accounts. First deletes a killed server's lists. */
export function openExports(world: ExportWorld): Exports {
  clear(world.folder);
  const ofAccount = world.countsOf(1);
  const ofProcess = world.countsOf(limits.exportsAtOnceMax);
  return (request) => exportOne(world, request, { ofAccount, ofProcess });
}

interface Counts {
  readonly ofAccount: Counting;
  readonly ofProcess: Counting;
}

/** @throws HoldfastError rate_limited before the first piece, unavailable, store_full */
async function* exportOne(world: ExportWorld, request: ExportRequest, counts: Counts): AsyncGenerator<Uint8Array> {
  const leave = enter(counts, request.caller);
  let spool: ExportSpool | undefined;
  const end = () => {
    spool?.close();
    leave();
  };
  // A disconnected client may never request another piece.
  request.reading.signal.addEventListener("abort", end, { once: true });
  try {
    spool = new ExportSpool(world.folder, Buffer.from(world.random(16)).toString("hex"));
    const { caller, withVersions, reading } = request;
    const atMicros = world.clock.nowMicros();
    await listAccount(world, { spool, caller, withVersions, signal: reading.signal });
    yield* writeArchive(world, { ...request, spool, serverId: world.serverId, atMicros });
  } finally {
    request.reading.signal.removeEventListener("abort", end);
    end();
  }
}

function enter({ ofAccount, ofProcess }: Counts, { userId }: Caller): () => void {
  const leaveAccount = entered(
    ofAccount,
    userId,
    "An export of this account is already running. Wait until it is done.",
  );
  try {
    const leaveProcess = entered(ofProcess, "", "This server is already exporting the maximum number of accounts.");
    return () => {
      leaveProcess();
      leaveAccount();
    };
  } catch (error) {
    leaveAccount();
    throw error;
  }
}

function entered(counts: Counting, key: string, message: string): () => void {
  try {
    return counts.enter(key);
  } catch (cause) {
    throw new HoldfastError("rate_limited", message, { retryAfterSeconds: 60, cause });
  }
}

function clear(folder: string): void {
  try {
    for (const name of readdirSync(folder)) if (name.endsWith(spoolSuffix)) rmSync(join(folder, name), { force: true });
  } catch (error) {
    throw toDiskError(error, "clear", folder);
  }
}
