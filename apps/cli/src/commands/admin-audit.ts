import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { limits } from "@holdfast/core/limits";
import type { AuditEntryJson, AuditVerificationJson } from "@holdfast/protocol/audit-routes";
import { timeFor } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { formatNumber } from "../output/text.ts";
import { adminCall, newAdminCommand, reportedOnSignals } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Context } from "../output/context.ts";
import { momentText } from "./when-text.ts";
import { parseMoment } from "./when.ts";

export function auditCommand(context: Context) {
  return newGroup(
    "audit",
    "Audit log: reads and changes, protected against tampering",
    ["admin audit verify", "admin audit export --from 30d > audit.jsonl"],
    [verify(context), exportEntries(context)],
  );
}

function verify(context: Context) {
  const command = newAdminCommand("verify", "Verify that no entry was changed or is missing; exit code 1 otherwise", [
    "admin audit verify",
    "admin audit verify --against audit.jsonl",
  ]).option("--against <file>", "earlier export, whose last entries must still exist");
  return runs<[]>(context, command, async (run, { data, against }) => {
    const known = typeof against === "string" ? await lastOf(against) : [];
    const words = { name: "the verification", later: "Run the same command again to see the result." };
    const verification = await reportedOnSignals(run, data, words, () =>
      adminCall(run, data, "adminVerifyAudit", { body: { known } }),
    );
    await run.output.result(verification, () => verificationLines(verification, run.output));
    if (!verification.ok) context.exitCode = 1;
  });
}

function verificationLines({ ok, entries, from, to, chains }: AuditVerificationJson, output: Output): string[] {
  const span = from === null || to === null ? "" : `, from ${timeFor(output, from)} to ${timeFor(output, to)}`;
  const found = chains.flatMap(({ chain, problem }) =>
    problem === null ? [] : [`chain ${chain}: entry ${problem.seq} was ${problem.what}: ${problem.detail}`],
  );
  if (ok) return [`${formatNumber(entries)} entries${span}: all unchanged, none missing`];
  return [`${formatNumber(entries)} entries${span}: unchanged except for these problems:`, ...found];
}

async function lastOf(file: string): Promise<Pick<AuditEntryJson, "chain" | "seq" | "hash">[]> {
  const last = new Map<string, Pick<AuditEntryJson, "chain" | "seq" | "hash">>();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line === "") continue;
    const { chain, seq, hash } = readLine(file, line);
    if (seq > (last.get(chain)?.seq ?? 0)) last.set(chain, { chain, seq, hash });
  }
  return [...last.values()];
}

function readLine(file: string, line: string): Pick<AuditEntryJson, "chain" | "seq" | "hash"> {
  try {
    const { chain, seq, hash } = JSON.parse(line) as Partial<AuditEntryJson>;
    if (typeof chain === "string" && typeof seq === "number" && typeof hash === "string") return { chain, seq, hash };
  } catch {
    // Reported below, like a line that is not an entry.
  }
  throw usage(`${file} is not an export of the audit log: one of its lines is not an entry.`);
}

function exportEntries(context: Context) {
  const examples = [
    "admin audit export > audit.jsonl",
    "admin audit export --from 2027-03-01T00:00:00Z --to 2027-04-01T00:00:00Z",
  ];
  const json = "print a JSON document per line to standard output, as without this option";
  const command = newAdminCommand("export", "Print the entries, oldest first, one JSON object per line", examples, json)
    .option("--from <time>", `first entry to print: ${momentText}`)
    .option("--to <time>", "entries before this time; default is now");
  return runs<[]>(context, command, async (run, { data, from, to }) => {
    const [{ allPages }, { clearedOnSignals }] = await Promise.all([
      import("../remote/pages.ts"),
      import("../invocation/interruption.ts"),
    ]);
    const [begin, end] = [from, to].map((text) => (typeof text === "string" ? parseMoment(text) : undefined));
    const nowMs = typeof data === "string" ? Date.now() : await (await run.connect()).client.serverNowMs();
    const query = {
      ...(begin === undefined ? {} : { from: begin(nowMs) }),
      // Without an end, the entry that the export itself writes would make it endless.
      to: end?.(nowMs) ?? new Date().toISOString(),
      limit: limits.auditPageMax,
    };
    const pages = allPages((cursor) =>
      adminCall(run, data, "adminListAudit", { query: cursor === undefined ? query : { ...query, cursor } }),
    );
    const message = "interrupted; not all entries were printed. Run the same command again.";
    await clearedOnSignals(run, { clear: () => undefined, message }, async () => {
      for await (const entries of pages) await run.output.jsonLines(entries);
    });
  });
}
