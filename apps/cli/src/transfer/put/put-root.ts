import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { findShown } from "../../remote/look-up.ts";
import { findBelow } from "../../remote/look-up-shared.ts";

export interface PutRoot {
  /** For a mount, returns the folder that it shows. */
  find(path: string): Promise<NodeJson | undefined>;
  /** Also creates missing ancestors. @throws HoldfastError exists, conflict */
  makeFolder(path: string): Promise<NodeJson>;
  /** Empty path: the root. */
  shown(path: string): string;
}

export function ownRoot(client: ApiClient): PutRoot {
  return {
    find: (path) => findShown(client, path),
    makeFolder: (path) => client.call("createNode", { body: { kind: "folder", path, parents: true } }),
    shown: (path) => path,
  };
}

/** @param top the shared item */
export function rootOfLink(client: ApiClient, top: NodeJson): PutRoot {
  const own = ownRoot(client);
  const find = (path: string) => (path === "/" ? Promise.resolve(top) : own.find(path));
  return { ...own, find, shown: (path) => (path === "/" || path === "" ? top.name : path) };
}

/** For a shared item that is not mounted and has no path. */
export function rootAt(client: ApiClient, top: NodeJson): PutRoot {
  const find = (path: string) => findBelow(client, top, splitPath(path));
  const shown = (path: string): string => `${top.id}${path.replace(/^\/$/, "")}`;
  return {
    find,
    shown,
    makeFolder: async (path) => {
      let node = top;
      const names = splitPath(path);
      for (const [index, name] of names.entries()) {
        const there = await findBelow(client, node, [name]);
        if (there !== undefined && there.kind !== "folder") {
          const at = joinPath(names.slice(0, index + 1));
          throw new HoldfastError("conflict", `${shown(at)} is a ${there.kind} on the server, not a folder.`);
        }
        const body = { kind: "folder", parent_id: node.id, name } as const;
        node = there ?? (await client.call("createNode", { body }));
      }
      return node;
    },
  };
}
