import { execFileSync } from "node:child_process";
import { administrator, holdfast, type ServerProcess } from "@holdfast/server/acceptance/testing";
import { measureCost } from "./cost.ts";
import type { FileTree, LargeFile } from "./data.ts";
import { type Cost, cpuNote, type Row } from "./report.ts";

interface Transfers {
  readonly server: ServerProcess;
  readonly folder: string;
  readonly large: LargeFile | undefined;
  readonly small: FileTree | undefined;
  readonly launcher: string;
}

/** Measures the command including its start, and compares the result with the uploaded data each time. */
export async function measureTransfers({ server, folder, large, small, launcher }: Transfers): Promise<Row[]> {
  const env = { HOLDFAST_CONFIG_DIR: `${folder}/config` };
  const run = async (...args: string[]) => {
    const input = args[0] === "login" ? administrator.password : "";
    const { code, stderr } = await holdfast(args, { env, input, launcher });
    if (code !== 0) throw new Error(`holdfast ${args.join(" ")} ended with ${code}: ${stderr}`);
  };
  const measure = (...args: string[]) => measureCost(server.pid, () => run(...args));
  await run("login", server.url, "--email", administrator.email, "--password-stdin");
  const rows: Row[] = [];
  if (large !== undefined) {
    const put = await measure("put", "--quiet", large.path, "/large");
    const get = await measure("get", "--quiet", "/large", `${folder}/large-back`);
    execFileSync("cmp", [large.path, `${folder}/large-back`]);
    rows.push(largeRow("put", large, put), largeRow("get", large, get));
  }
  if (small !== undefined) {
    const put = await measure("put", "--quiet", small.path, "/small");
    const again = await measure("put", "--quiet", small.path, "/small");
    const get = await measure("get", "--quiet", "/small", `${folder}/small-back`);
    execFileSync("diff", ["-r", small.path, `${folder}/small-back`]);
    rows.push(
      smallRow("put", small, put),
      smallRow("put again, nothing changed", small, again),
      smallRow("get", small, get),
    );
  }
  return rows;
}

function largeRow(work: string, { sizeBytes }: LargeFile, cost: Cost): Row {
  const { seconds } = cost;
  return {
    work: `${Math.round(sizeBytes / 2 ** 20)} MiB ${work}`,
    by: "holdfast",
    value: seconds,
    unit: "s",
    note: `${(sizeBytes / 1e6 / seconds).toFixed(0)} MB/s; ${cpuNote(cost)}`,
    cost,
  };
}

function smallRow(work: string, { files }: FileTree, cost: Cost): Row {
  const { seconds } = cost;
  return {
    work: `${files} files ${work}`,
    by: "holdfast",
    value: files / seconds,
    unit: "files/s",
    note: `${seconds.toFixed(2)} s; ${cpuNote(cost)}`,
    cost,
  };
}
