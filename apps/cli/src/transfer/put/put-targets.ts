import { basename, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";

export interface LocalArgument {
  /** `-` for standard input. */
  readonly path: string;
  readonly kind: "file" | "folder" | "symlink" | "stdin";
}

export interface PutTarget {
  readonly local: LocalArgument;
  /** LOCAL becomes this path: a folder is merged into it, a file becomes its next version. */
  readonly remotePath: string;
}

/**
 * Maps local arguments to remote paths. These go inside REMOTE under their own names: a file put to an existing folder,
 * anything put to a REMOTE that ends in a slash, and each of several LOCALs. Otherwise LOCAL becomes REMOTE.
 * @param remoteKind kind of the node at REMOTE; undefined: none
 * @param shown formats a path for messages
 * @throws HoldfastError usage or conflict
 */
export function putTargets(
  locals: readonly LocalArgument[],
  remote: string,
  remoteKind: "file" | "folder" | "symlink" | "mount" | undefined,
  shown: (path: string) => string = String,
): PutTarget[] {
  const names = splitPath(remote);
  const several = locals.length > 1;
  const isInto = several || remote.endsWith("/");
  if (isInto && remoteKind !== undefined && remoteKind !== "folder") {
    throw new HoldfastError("conflict", `${shown(remote)} is a ${remoteKind} on the server, not a folder.`);
  }
  const targets = locals.map((local) => {
    const inside =
      isInto || (local.kind !== "folder" && (remoteKind === "folder" || (names.length === 0 && remoteKind !== "file")));
    return { local, remotePath: joinPath(inside ? [...names, ownName(local, names, shown)] : names) };
  });
  const twice = targets.find(
    ({ remotePath }, index) => targets.findIndex((other) => other.remotePath === remotePath) !== index,
  );
  if (twice !== undefined) throw new HoldfastError("usage", `Two of these would become ${shown(twice.remotePath)}.`);
  return targets;
}

function ownName({ kind, path }: LocalArgument, folder: readonly string[], shown: (path: string) => string): string {
  if (kind === "stdin") {
    const example = shown(joinPath([...folder, "NAME"]));
    throw new HoldfastError(
      "usage",
      `${shown(joinPath(folder))} is a folder. Name the file to store in it: ${example}.`,
    );
  }
  return basename(resolve(path));
}
