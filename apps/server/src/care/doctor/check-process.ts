import { readFile } from "node:fs/promises";
import type { DoctorWorld } from "./doctor-world.ts";
import { type Finding, ok, warn } from "./finding.ts";

const nodeMajorMin = 24;

/** PostgreSQL's version is reported with the database. */
export async function checkVersions({ version }: Pick<DoctorWorld, "version">): Promise<Finding[]> {
  const detail = `Holdfast ${version}, Node.js ${process.versions.node}`;
  const isOld = Number(process.versions.node.split(".")[0]) < nodeMajorMin;
  return [
    isOld
      ? warn(
          "versions",
          detail,
          `Run it with its own launcher (npx holdfast), which includes Node.js ${nodeMajorMin} or newer.`,
        )
      : ok("versions", detail),
  ];
}

/** This process is the server, or the command, which usually has the same limit. */
export async function checkOpenFiles({ config }: Pick<DoctorWorld, "config">): Promise<Finding[]> {
  // Linux only.
  if (process.platform !== "linux") return [];
  const text = await readFile("/proc/self/limits", "utf8");
  const filesMax = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Infinity);
  return [judgeOpenFiles(filesMax, config.connectionsMax)];
}

/** For databases, stores and files being read. */
const otherFiles = 1024;

export function judgeOpenFiles(filesMax: number, connectionsMax: number): Finding {
  const detail = `${filesMax} open files for up to ${connectionsMax} connections`;
  if (filesMax >= connectionsMax + otherFiles) return ok("open_files", detail);
  return warn(
    "open_files",
    detail,
    `Raise the limit (ulimit -n, LimitNOFILE=) to ${connectionsMax + otherFiles}, or set HOLDFAST_CONNECTIONS_MAX to at most ` +
      `${Math.max(filesMax - otherFiles, 1)}.`,
  );
}
