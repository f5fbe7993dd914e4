import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId } from "@holdfast/core/ids";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { findNodes } from "../read/look-up.ts";
import type { Operation, Place } from "./operation.ts";

interface Across {
  readonly op?: Operation["op"];
  readonly fileId?: string;
  readonly place?: Place;
}

export async function acrossRefusal(
  shards: Shards,
  caller: Actor,
  { op, fileId, place }: Across,
): Promise<HoldfastError> {
  const parentId = place?.parentId === "root" ? caller.rootId : place?.parentId;
  const ids = [fileId, parentId].filter((id) => id !== undefined && isId(id)) as NodeId[];
  const found = await findNodes(shards, caller, ids, "create");
  const from = found.get(fileId as NodeId)?.path ?? "This";
  const folder = found.get(parentId as NodeId)?.path ?? "/";
  const to = place?.path === undefined ? folder : joinPath(splitPath(place.path).slice(0, -1));
  const next = op === "restore" ? "Restore it to where it was, then copy it." : "Copy it there, then delete it here.";
  const message = `${from} and the folder ${to} have different owners, and items cannot be moved between owners. ${next}`;
  return new HoldfastError("invalid_field", message, { field: "parent_id" });
}
