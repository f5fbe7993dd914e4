import { execFileSync } from "node:child_process";
import { administrator, holdfast, type RunningServer } from "@holdfast/server/acceptance/testing";
import type { FileTree, LargeFile } from "./data.ts";
import { type Row, timed } from "./report.ts";

interface Transfers {
  readonly server: RunningServer;
  readonly folder: string;
  readonly large: LargeFile | undefined;
  readonly small: FileTree | undefined;
  readonly launcher: string;
}

/** Measures the command including its start, and compares the result with the uploaded data each time. */
export async function measureTransfers({ server, folder, large, small }: Transfers): Promise<Row[]> {
  const env = { HOLDFAST_CONFIG_DIR: `${folder}/config` };
  const run = async (...args: string[]) => {
    const { code, stderr } = await holdfast(args, { env, input: args[0] === "login" ? administrator.password : "" });
    if (code !== 0) throw new Error(`holdfast ${args.join(" ")} ended with ${code}: ${stderr}`);
  };
  await run("login", server.url, "--email", administrator.email, "--password-stdin");
  const rows: Row[] = [];
  if (large !== undefined) {
    const name = `${Math.round(large.sizeBytes / 2 ** 20)} MiB`;
    const put = await timed(() => run("put", "--quiet", large.path, "/large"));
    const get = await timed(() => run("get", "--quiet", "/large", `${folder}/large-back`));
    execFileSync("cmp", [large.path, `${folder}/large-back`]);
    rows.push(
      {
        work: `${name} put`,
        by: "holdfast",
        value: put,
        unit: "s",
        note: `${(large.sizeBytes / 1e6 / put).toFixed(0)} MB/s`,
      },
      {
        work: `${name} get`,
        by: "holdfast",
        value: get,
        unit: "s",
        note: `${(large.sizeBytes / 1e6 / get).toFixed(0)} MB/s`,
      },
    );
  }
  if (small !== undefined) {
    const put = await timed(() => run("put", "--quiet", small.path, "/small"));
    const again = await timed(() => run("put", "--quiet", small.path, "/small"));
    const get = await timed(() => run("get", "--quiet", "/small", `${folder}/small-back`));
    execFileSync("diff", ["-r", small.path, `${folder}/small-back`]);
    const rate = (work: string, seconds: number): Row => ({
      work: `${small.files} files ${work}`,
      by: "holdfast",
      value: small.files / seconds,
      unit: "files/s",
      note: `${seconds.toFixed(2)} s`,
    });
    rows.push(rate("put", put), rate("put again, nothing changed", again), rate("get", get));
  }
  return rows;
}
