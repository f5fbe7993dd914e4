import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type {
  BucketMoveJson,
  BucketRangeJson,
  RenewedEpochsJson,
  RepairedCopiesJson,
  ShardJson,
  ShardsJson,
} from "@holdfast/protocol/shard-routes";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { Listing } from "../output/listing.ts";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import { adminCall, newAdminCommand, polled, reportedOnSignals } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";

export function shardsCommand(context: Context) {
  return newGroup(
    "shards",
    "Databases that accounts are distributed over",
    [
      "admin shards",
      "admin shards add east",
      "admin shards move 2048-4095 --to east",
      "admin shards renew-epochs east",
    ],
    [status(context), add(context), move(context), renewEpochs(context)],
    status(context),
  );
}

function status(context: Context) {
  const command = newAdminCommand(
    "status",
    "List the shards and the move of buckets; exit code 1 if a shard does not answer, a replica is not used, or the move has a problem",
    ["admin shards", "admin shards status --json"],
  );
  return runs<[]>(context, command, async (run, { data }) => {
    const page = await adminCall(run, data, "adminListShards", {});
    await run.output.result(page, () => [
      ...new Listing(run.output, columns, "There are no databases.").lines(page.items.flatMap(linesOf)),
      ...(page.move === null ? [] : [moveLine(page.move)]),
    ]);
    if (page.items.some(isFaulty) || (page.move?.problem ?? null) !== null) context.exitCode = 1;
  });
}

const columns = [
  { title: "NAME" },
  { title: "STATE" },
  { title: "DATABASE" },
  { title: "BUCKETS", word: "buckets" },
  { title: "ACCOUNTS", word: "accounts" },
  { title: "FILES AND FOLDERS", word: "files and folders" },
] as const;

function cellsOf({ name, state, database, ranges, accounts, nodes }: ShardJson): string[] {
  return [
    name,
    state,
    database,
    ranges.length === 0 ? "no buckets" : `buckets ${ranges.map(rangeText).join(", ")}`,
    accounts === null ? "" : count(accounts, "account"),
    nodesText(nodes),
  ];
}

function linesOf(shard: ShardJson): string[][] {
  return [cellsOf(shard), ...shard.replicas.map((replica) => replicaCells(shard, replica))];
}

const replicaWords: Readonly<Record<ShardJson["replicas"][number]["state"], string>> = {
  used: "ok",
  behind: "behind",
  not_standby: "not a standby",
  unknown: "unknown",
  unreachable: "unreachable",
};

function replicaCells({ name }: ShardJson, { database, state, behind_bytes: behind }: ShardJson["replicas"][number]) {
  const lag = behind === null || behind === 0 ? "" : `, ${formatBytes(behind)} behind`;
  return [name, replicaWords[state], database, `read replica${lag}`, "", ""];
}

function isFaulty({ state, replicas }: ShardJson): boolean {
  return state !== "ok" || replicas.some((replica) => replica.state !== "used");
}

function nodesText(nodes: number | null): string {
  if (nodes === null) return "";
  return nodes === 1 ? "1 file or folder" : `${formatNumber(nodes)} files and folders`;
}

function rangeText({ first, last }: BucketRangeJson): string {
  return first === last ? String(first) : `${first}-${last}`;
}

const stateWords: Readonly<Record<BucketMoveJson["state"], string>> = {
  copying: "copying",
  frozen: "switching",
  moved: "moved; the old rows are deleted in about a minute",
  removing: "moved; deleting the old rows",
  canceling: "canceling",
};

function moveLine(moving: BucketMoveJson): string {
  const { buckets, from, to, state, problem } = moving;
  const shown = problem === null ? "" : `; problem: ${printable(problem)}`;
  return `buckets ${rangeText(buckets)} from ${from} to ${to}: ${stateWords[state]}${copiedText(moving)}${shown}`;
}

function copiedText({ state, tables, tables_copied: copied, behind_bytes: behind }: BucketMoveJson): string {
  if (state !== "copying" || tables === null || copied === null || tables === 0) return "";
  return copied < tables ? ` (${copied} of ${tables} tables)` : ` (${formatBytes(behind ?? 0)} behind)`;
}

function add(context: Context) {
  const command = newAdminCommand("add", "Prepare the database of a new shard", ["admin shards add east"]).argument(
    "<name>",
    'ID in HOLDFAST_TOPOLOGY, with "buckets": []',
  );
  return runs<[string]>(context, command, async (run, name, { data }) => {
    const shard = await adminCall(run, data, "adminAddShard", { body: { name } });
    await run.output.done(shard, () => [
      `${name} (${shard.database}) is ready. Move accounts to it with: holdfast admin shards move BUCKETS --to ${name}`,
    ]);
  });
}

function move(context: Context) {
  const command = newAdminCommand(
    "move",
    "Move the accounts of a range of buckets to a new shard, while they are used",
    [
      "admin shards move 2048-4095 --to east --dry-run",
      "admin shards move 2048-4095 --to east",
      "admin shards move --cancel",
    ],
  )
    .argument("[buckets]", "range, such as 2048-4095; an account's bucket is in its ID")
    .option("--to <shard>", "shard without buckets")
    .option("--dry-run", "check the databases and report the size of the move, without starting it")
    .option("--cancel", "cancel the move, before the new shard serves the accounts");
  return runs<[string | undefined]>(context, command, async (run, range, { data, to, dryRun, cancel }) => {
    if (cancel === true) {
      if (range !== undefined || to !== undefined || dryRun === true)
        throw new HoldfastError("usage", "Use --cancel alone.");
      return cancelMove(run, data);
    }
    const body = { buckets: readRange(range), to: readShard(to) };
    if (dryRun === true) {
      const plan = await adminCall(run, data, "adminMoveBuckets", { body: { ...body, dry_run: true } });
      if (!("accounts" in plan)) throw new HoldfastError("internal", "The server did not return a plan.");
      return run.output.done(plan, () => [
        `would move ${count(plan.accounts, "account")} (about ${formatBytes(plan.bytes)}) in buckets ${rangeText(plan.buckets)} from ${plan.from} to ${plan.to}`,
      ]);
    }
    await adminCall(run, data, "adminMoveBuckets", { body });
    const words = { name: "the move", later: "'holdfast admin shards' shows it." };
    const ended = await reportedOnSignals(run, undefined, words, () => untilMoved(run, data));
    const target = ended.items.find(({ name }) => name === body.to);
    if (target === undefined || target.ranges.length === 0) throw new HoldfastError("failed", "The move was canceled.");
    await run.output.done(ended, () => [`moved buckets ${rangeText(body.buckets)} to ${body.to}`]);
  });
}

function renewEpochs(context: Context) {
  const command = newAdminCommand(
    "renew-epochs",
    "Renew the epochs of spaces after their database lost changes: devices then delete nothing and upload missing files, including files deleted while they were offline. Also repairs group memberships, shares and other rows that differ between shards",
    ["admin shards renew-epochs --all --dry-run", "admin shards renew-epochs east"],
  )
    .argument("[shards...]", "shards whose databases lost changes")
    .option("--all", "all shards")
    .option("--dry-run", "count the spaces and the differences, without changing anything");
  return runs<[string[]]>(context, command, async (run, names, { data, all, dryRun }) => {
    if ((names.length === 0) !== (all === true)) throw new HoldfastError("usage", "Specify shards or --all.");
    const isDry = dryRun === true;
    const body = { ...(all === true ? {} : { names }), dry_run: isDry };
    const renewed = await adminCall(run, data, "adminRenewEpochs", { body });
    await run.output.done(renewed, () => renewedLines(renewed, isDry));
  });
}

export function renewedLines({ items, copies }: RenewedEpochsJson, isDry: boolean): string[] {
  const renewed = isDry ? "would renew" : "renewed";
  return [
    ...items.map(({ name, spaces }) => `${renewed} the epochs of ${count(spaces, "space")} on ${name}`),
    ...repairLines(copies, isDry),
  ];
}

const copyWords: Readonly<Record<keyof RepairedCopiesJson, string>> = {
  access_rules: "access rules",
  memberships: "group memberships",
  shares: "shares",
  addresses: "e-mail addresses of accounts",
  pending_shares: "accounts that lack shares with their address",
  sign_ins: "linked sign-ins",
  mounts: "mounts",
  programs: "removed programs with tokens",
};

function repairLines(copies: RepairedCopiesJson, isDry: boolean): string[] {
  const kinds = Object.keys(copyWords) as (keyof RepairedCopiesJson)[];
  return kinds.flatMap((kind) => {
    if (copies[kind] === 0) return [];
    const verb = isDry ? "would repair" : "repaired";
    return [`${verb} differences between shards: ${copyWords[kind]} (${formatNumber(copies[kind])})`];
  });
}

async function cancelMove(run: Run, data: unknown): Promise<void> {
  await adminCall(run, data, "adminCancelMove", {});
  const ended = await untilMoved(run, data);
  await run.output.done(ended, () => ["canceled the move; the copy is deleted"]);
}

/** Notes each change of state and each problem. */
async function untilMoved(run: Run, data: unknown): Promise<ShardsJson> {
  let noted = "";
  const read = async () => {
    const page = await adminCall(run, data, "adminListShards", {});
    const line = page.move === null ? "" : moveLine({ ...page.move, tables: null });
    if (line !== noted && line !== "") run.output.note(line);
    noted = line;
    return page;
  };
  return polled(await read(), ({ move: moving }) => moving === null, read);
}

function readRange(text: string | undefined): BucketRangeJson {
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(text ?? "");
  if (match === null) throw new HoldfastError("usage", "Specify the buckets, such as 2048-4095.");
  return { first: Number(match[1]), last: Number(match[2] ?? match[1]) };
}

function readShard(to: unknown): string {
  if (typeof to !== "string") throw new HoldfastError("usage", "Specify the new shard with --to.");
  return to;
}
