import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { DiskChanged } from "../model/disk-changed.ts";
import { mapBounded } from "@holdfast/core/task-group";
import type { RemoteOperation } from "../plan/plan-types.ts";
import { isEdit } from "../plan/remote-operations.ts";
import type { BatchResult, OutgoingBlock } from "@holdfast/sync-ports/ports";
import type { OperationId } from "../model/trees.ts";
import { pathOfNode } from "../model/tree-paths.ts";
import { basesBelow } from "../model/enclosing-share.ts";
import { addNotice } from "../state/notices.ts";
import { isReadOnly, isReadOnlyAt, mayEdit } from "../model/rights.ts";
import { baseAfterCommit, offerOf, offersAfter, privacyOf, refusalOf } from "./responses.ts";
import { OperationDependencies } from "./operation-dependencies.ts";
import { noteHead } from "./known-head.ts";
import { type Batch, batchesOf, mustWait, parentOf, smallFileBytesMax, unitsOf } from "./batches.ts";
import { bisect, concernsElement } from "../general/bisect.ts";
import { blockKeyOf, findMissingBlocks } from "./missing-blocks.ts";
import { type Outgoing, type Proposal, propose, type Range, rangesOf, wholeList } from "./proposal.ts";
import { readBlocks, sendAhead } from "./upload.ts";
import { isApproved } from "../brakes/brakes.ts";
import { toWire } from "./wire-operation.ts";
import type { SendContext } from "./send-context.ts";

const inFlightMax = 3;
const readsAtOnce = 8;
/** After these attempts, missing blocks count as a refusal. */
const attemptsMax = 3;

interface Sending {
  readonly context: SendContext;
  readonly dependencies: OperationDependencies;
  /** Nodes with a failed operation. Operations that depend on them are left to the next plan. */
  readonly failed: Set<NodeId>;
  /** Files with blocks to send ahead go one by one to limit memory. */
  ahead: Promise<void>;
  isSent: boolean;
  isAccepted: boolean;
  /** Something differed from the plan. */
  hasChanged: boolean;
}

/**
 * Sends planned operations. Results come from the journal; only refusals are stored here.
 * @param isTimeUp once true, no request after the first is started; the next plan has the rest
 */
export async function send(
  context: SendContext,
  operations: readonly RemoteOperation[],
  isTimeUp: () => boolean = () => false,
): Promise<Pick<Sending, "isSent" | "isAccepted" | "hasChanged"> & { readonly begun: readonly RemoteOperation[] }> {
  const dependencies = new OperationDependencies(context.state.remote, operations);
  const sending: Sending = {
    context,
    dependencies,
    failed: new Set(),
    ahead: Promise.resolve(),
    isSent: false,
    isAccepted: false,
    hasChanged: false,
  };
  const failures: unknown[] = [];
  const running = new Map<Batch, Promise<void>>();
  let begun = 0;
  for (const batch of batchesOf(operations, dependencies)) {
    while (running.size >= inFlightMax || [...running.keys()].some((each) => mustWait(each, batch))) {
      await Promise.race(running.values());
    }
    if (failures.length > 0 || (begun > 0 && isTimeUp())) break;
    begun += batch.operations.length;
    const work = sendBatch(sending, batch)
      .catch((error: unknown) => failures.push(error))
      .then(() => void running.delete(batch));
    running.set(batch, work);
  }
  await Promise.all(running.values());
  if (failures.length > 0) throw failures[0];
  return { ...sending, begun: operations.slice(0, begun) };
}

async function sendBatch(sending: Sending, batch: Batch): Promise<void> {
  const { context, failed } = sending;
  const isLeftOut = (each: RemoteOperation): boolean => buildsOn(sending, each) || isForbidden(context, each);
  const units: (readonly RemoteOperation[])[] = [];
  for (const unit of unitsOf(batch.operations)) {
    if (unit.some(isLeftOut)) for (const { id } of unit) failed.add(id);
    else units.push(unit);
  }
  // These count as failed until the response.
  for (const id of batch.ids) failed.add(id);
  const outgoing = (await mapBounded(units, readsAtOnce, (unit) => prepare(sending, unit))).flat();
  const { ready, inline, refused } = await transferBlocks(sending, outgoing);
  const { state } = context;
  if (refused.length > 0)
    state.commit({ refusals: refused.map(([each, result]) => refusalOf(each, result, context.nowMs())) });
  if (ready.length > 0) {
    sending.isSent = true;
    state.commit({ offers: ready.map((each) => [each.operationId, offerOf(each, context.nowMs())] as const) });
    const results = await commitAll(sending, ready, inline);
    const done = ready.filter(({ operationId }) => results.get(operationId)?.status === "committed");
    state.commit({
      remote: done.flatMap(({ operation: each, operationId }) => {
        const row = state.remote.get(each.id);
        const { node } = results.get(operationId) ?? {};
        // An older server accepted the request without storing the privacy.
        const isPrivacyIgnored = privacyOf(each) !== undefined && node !== undefined && node.private === undefined;
        return isPrivacyIgnored && row !== undefined ? [[each.id, { ...row, isPrivate: undefined }] as const] : [];
      }),
      synced: done.map(({ operation, operationId }) => {
        const { node } = results.get(operationId) ?? {};
        return [operation.id, baseAfterCommit(state.synced.get(operation.id), operation, node)] as const;
      }),
      offers: offersAfter(state.offers, ready, results, context.nowMs()),
      refusals: ready.flatMap((each) => {
        const result = results.get(each.operationId);
        if (result === undefined || result.status === "committed" || mayNotDelete(each, result)) return [];
        return [refusalOf(each, result, context.nowMs())];
      }),
    });
    const kept = ready.filter((each) => mayNotDelete(each, results.get(each.operationId)));
    downloadAgain(context, new Set(kept.map(({ operation }) => operation.id)));
    if (done.length > 0) sending.isAccepted = true;
    for (const { operation } of done) failed.delete(operation.id);
  }
}

function mayNotDelete({ operation }: Outgoing, result: BatchResult | undefined): boolean {
  return operation.op === "delete" && result?.code === "forbidden";
}

/**
 * Nodes whose deletion is forbidden are downloaded again. The folder may contain items that this account cannot see.
 */
function downloadAgain({ state, nowMs }: SendContext, ids: ReadonlySet<NodeId>): void {
  if (ids.size === 0) return;
  for (const id of ids) {
    const path = pathOfNode(state, id);
    const isFolder = state.remote.get(id)?.kind === "folder";
    if (path !== undefined) addNotice(state, { atMs: nowMs(), path, code: "not_deleted", counts: [isFolder ? 1 : 0] });
  }
  const bases = [...ids, ...basesBelow(state, [...ids])].filter((id) => !state.local.has(id));
  state.commit({ synced: bases.map((id) => [id, undefined] as const) });
}

/** True where this account can only read. The change is never sent. */
function isForbidden({ state }: SendContext, operation: RemoteOperation): boolean {
  if (state.shares.size === 0) return false;
  if (isEdit(operation) && mayEdit(state, state.remote, operation.id)) return false;
  const folder = parentOf(operation);
  return isReadOnly(state, state.remote, operation.id) || (folder !== undefined && isForbiddenAt(state, folder));
}

function isForbiddenAt(state: SendContext["state"], folder: NodeId): boolean {
  return isReadOnlyAt(state, state.remote, folder) || isReadOnlyAt(state, state.local, folder);
}

/**
 * True if the operation depends on a failed one: its node, its folder, its name, or content that should have left a
 * deleted folder.
 */
function buildsOn({ failed, dependencies }: Sending, operation: RemoteOperation): boolean {
  const needed = [operation.id, parentOf(operation), dependencies.nameFreedBy(operation)];
  if (needed.some((id) => id !== undefined && failed.has(id))) return true;
  return [...dependencies.movesOutOf(operation)].some((id) => failed.has(id));
}

/** @returns nothing if a file of the unit differs from the plan */
async function prepare(sending: Sending, unit: readonly RemoteOperation[]): Promise<Outgoing[]> {
  const { context } = sending;
  const outgoing: Outgoing[] = [];
  for (const operation of unit) {
    const proposal = "local" in operation ? await propose(context, operation) : undefined;
    if ("local" in operation && proposal === undefined) {
      leaveOut(sending, operation);
      return [];
    }
    const operationId = Buffer.from(context.random(16)).toString("hex") as OperationId;
    outgoing.push({ operation, operationId, proposal });
  }
  return outgoing;
}

/** The next scan reads the file, whatever its times are. */
function leaveOut(sending: Sending, operation: RemoteOperation): void {
  const { state } = sending.context;
  const row = state.local.get(operation.id);
  sending.hasChanged = true;
  if (!("local" in operation) || row?.readState !== "known" || row.content !== operation.local.content) return;
  state.commit({ local: [[operation.id, { ...row, readState: "racy" }]] });
}

/** Sends blocks of large files ahead. Those of small ones are returned and travel with their operations. */
async function transferBlocks(
  sending: Sending,
  outgoing: readonly Outgoing[],
): Promise<{
  readonly ready: readonly Outgoing[];
  readonly inline: readonly OutgoingBlock[];
  readonly refused: readonly (readonly [Outgoing, BatchResult])[];
}> {
  const missing = await findMissingBlocks(sending.context, outgoing);
  const inline: OutgoingBlock[] = [];
  const changed = new Set<Outgoing>();
  const refused: (readonly [Outgoing, BatchResult])[] = [];
  const sent = mapBounded(outgoing, readsAtOnce, async (each) => {
    if (each.proposal === undefined) return;
    // A block of two files is sent with the first.
    const { into } = each.proposal;
    const ranges = each.proposal.unsure.filter(({ hash }) => missing.delete(blockKeyOf(hash, into)));
    const blocks = await transfer(sending, each.proposal, ranges);
    if (blocks === undefined) changed.add(each);
    else if ("refusal" in blocks) refused.push([each, refusedWith(each, blocks)]);
    else inline.push(...blocks);
  });
  const ids = outgoing.map(({ operation }) => operation.id);
  const [failures] = await Promise.all([sending.context.makeDurable(ids), sent]);
  for (const each of outgoing) {
    const code = failures.get(each.operation.id)?.code;
    // The next scan finds missing files.
    if (code === "not_found") changed.add(each);
    else if (code !== undefined) refused.push([each, refusedWith(each, { refusal: "not_durable" })]);
  }
  for (const { operation } of changed) leaveOut(sending, operation);
  for (const [each] of refused) changed.add(each);
  const groups = new Set([...changed].flatMap(({ operation }) => operation.group ?? []));
  const ready = outgoing.filter((each) => !changed.has(each) && !groups.has(each.operation.group ?? ""));
  return { ready, inline, refused };
}

/** Rejected bytes of one file do not concern the others. */
interface Refused {
  readonly refusal: ErrorCode | "not_durable";
}

function refusedWith({ operationId }: Outgoing, { refusal }: Refused): BatchResult {
  return { operation_id: operationId, status: "error", code: refusal };
}

/** @returns blocks left to send; undefined: the file has changed */
async function transfer(
  sending: Sending,
  proposal: Proposal,
  ranges: readonly Range[],
): Promise<readonly OutgoingBlock[] | Refused | undefined> {
  const { context } = sending;
  const sizeBytes = ranges.reduce((sum, { size }) => sum + size, 0);
  try {
    if (sizeBytes <= smallFileBytesMax) return await readBlocks(context, proposal, ranges);
    const work = sending.ahead.then(() => sendAhead(context, proposal, ranges));
    sending.ahead = work.catch(() => undefined);
    await work;
    return [];
  } catch (error) {
    if (error instanceof DiskChanged) return undefined;
    if (concernsElement(error)) return { refusal: error.code };
    throw error;
  }
}

/** Commits, and retries with missing blocks. @returns the last result of each operation */
async function commitAll(
  sending: Sending,
  outgoing: readonly Outgoing[],
  inline: readonly OutgoingBlock[],
): Promise<ReadonlyMap<string, BatchResult>> {
  const { state } = sending.context;
  const answers = new Map<string, BatchResult>();
  let waiting = outgoing;
  let blocks = inline;
  for (let attempt = 0; attempt < attemptsMax && waiting.length > 0; attempt += 1) {
    const carrying = new Set(blocks.map(({ hash }) => hash));
    const answer = await commitApart(sending, waiting, blocks).catch(unlessFull(carrying));
    if (answer === "full") {
      const full = waiting.filter((each) => carries(each, carrying));
      refuse(sending.context, full, "quota");
      for (const { operationId } of full) answers.delete(operationId);
      const groups = new Set(full.flatMap(({ operation }) => operation.group ?? []));
      waiting = waiting.filter((each) => !full.includes(each) && !groups.has(each.operation.group ?? ""));
      blocks = [];
      continue;
    }
    waiting = waiting.filter((each) => !answer.refused.has(each));
    const { results, seq } = answer;
    if (results.some(({ code }) => code === "subtree_changed")) noteHead(state, seq);
    for (const result of results) answers.set(result.operation_id, result);
    const isSourceLost = waiting.some((each) => hasLostSource(each, answers));
    if (!isSourceLost && !results.some(({ status }) => status === "missing")) break;
    blocks = await readNamed(sending, waiting, answers);
    waiting = waiting.flatMap((each) => {
      if (hasLostSource(each, answers)) return [withoutSource(each)];
      return isWorthAnother(answers.get(each.operationId)) ? [each] : [];
    });
  }
  return answers;
}

/** Splits a request rejected as a whole because of one operation or block. A group is never split. */
async function commitApart(
  { context }: Sending,
  outgoing: readonly Outgoing[],
  blocks: readonly OutgoingBlock[],
): Promise<Pick<Answer, "results" | "seq"> & { readonly refused: ReadonlySet<Outgoing> }> {
  const { server, state } = context;
  const refused = new Set<Outgoing>();
  const units = [...Map.groupBy(outgoing, ({ operation, operationId }) => operation.group ?? operationId).values()];
  const wireOf = (each: Outgoing): BatchOperationInput => {
    const wire = toWire(each, state.shares);
    return isApproved(state.brakes, each.operation) ? { ...wire, approved: true } : wire;
  };
  const commit = (some: readonly (readonly Outgoing[])[]): Promise<Answer> => {
    const together = some.flat();
    const needed = new Set(together.flatMap(({ proposal }) => proposal?.unsure.map(({ hash }) => hash) ?? []));
    const isAll = together.length === outgoing.length;
    return server.commit(
      state.cursor?.epoch ?? "",
      together.map(wireOf),
      isAll ? blocks : blocks.filter(({ hash }) => needed.has(hash)),
    );
  };
  // Stored immediately, so that the next plan omits the operation.
  const note = (unit: readonly Outgoing[], { code }: HoldfastError): void => {
    refuse(context, unit, code);
    for (const each of unit) refused.add(each);
  };
  // Without enough space, all operations are sent again without blocks.
  const isRefusal = (error: unknown): error is HoldfastError =>
    concernsElement(error) && (error.code !== "quota" || blocks.length === 0);
  const answers = await bisect(units, commit, note, isRefusal);
  const seq = answers.reduce((most, answer) => Math.max(most, answer.seq), 0);
  return { results: answers.flatMap(({ results }) => results), seq, refused };
}

type Answer = Awaited<ReturnType<SendContext["server"]["commit"]>>;

/** A lack of space for the blocks does not concern operations without blocks. */
function unlessFull(carrying: ReadonlySet<HashHex>): (error: unknown) => "full" {
  return (error) => {
    if (error instanceof HoldfastError && error.code === "quota" && carrying.size > 0) return "full";
    throw error;
  };
}

function carries({ proposal }: Outgoing, carrying: ReadonlySet<HashHex>): boolean {
  return proposal?.unsure.some(({ hash }) => carrying.has(hash)) === true;
}

/** Keeps the offers, because parts of a split request may have been executed. */
function refuse({ state, nowMs }: SendContext, outgoing: readonly Outgoing[], refusal: ErrorCode): void {
  state.commit({ refusals: outgoing.map((each) => refusalOf(each, refusedWith(each, { refusal }), nowMs())) });
}

/** True if the source file may be gone. If it is the folder instead, the next result shows it. */
function hasLostSource({ operationId, proposal }: Outgoing, answers: ReadonlyMap<string, BatchResult>): boolean {
  return proposal?.sourceVersionId !== undefined && answers.get(operationId)?.code === "not_found";
}

function withoutSource(each: Outgoing): Outgoing {
  const { proposal } = each;
  return proposal === undefined ? each : { ...each, proposal: { ...proposal, ...wholeList(proposal.blocks) } };
}

function isWorthAnother(answer: BatchResult | undefined): boolean {
  return answer?.status === "missing" || answer?.code === "dependency";
}

/** A file with rejected bytes already has its result. */
async function readNamed(
  sending: Sending,
  outgoing: readonly Outgoing[],
  answers: Map<string, BatchResult>,
): Promise<OutgoingBlock[]> {
  const blocks: OutgoingBlock[] = [];
  const taken = new Set<string>();
  for (const each of outgoing) {
    const { operationId, proposal } = each;
    const named = new Set(answers.get(operationId)?.missing_blocks);
    if (proposal === undefined || named.size === 0) continue;
    const isWanted = (hash: HashHex): boolean => named.has(hash) && !taken.has(blockKeyOf(hash, proposal.into));
    const ranges = rangesOf(proposal.blocks, new Set()).filter(({ hash }) => isWanted(hash));
    for (const { hash } of ranges) taken.add(blockKeyOf(hash, proposal.into));
    const read = await transfer(sending, { ...proposal, similar: new Map() }, ranges);
    if (read === undefined) leaveOut(sending, each.operation);
    else if ("refusal" in read) answers.set(operationId, refusedWith(each, read));
    else blocks.push(...read);
  }
  return blocks;
}
