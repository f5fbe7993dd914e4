import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { JournalRow, ShardQueries } from "../../base/db/shard-tables.ts";

/** undefined: unchanged since the moment. */
export interface WhatWas {
  made: boolean;
  /** The id's former node was permanently removed; another one has it now. */
  remade: boolean;
  parentId: NodeId | undefined;
  name: string | undefined;
  modifiedAt: number | undefined;
  executable: boolean | undefined;
  private: boolean | undefined;
  trashed: boolean | undefined;
}

const entriesAtOnce = 20_000;

/**
 * Former values of each node that changed after an entry, except rights. Reads in order, so a field's first value is
 * that of the moment. Index: primary key.
 * @throws HoldfastError too_large if more nodes changed than one rewind can take
 */
export async function readWhatWas(
  reader: ShardQueries,
  spaceId: SpaceId,
  afterSeq: number,
): Promise<Map<NodeId, WhatWas>> {
  const nodes = new Map<NodeId, WhatWas>();
  let last = afterSeq;
  for (let read = entriesAtOnce; read === entriesAtOnce;) {
    const { rows } = await sql<Entry>`
      select seq, node_id, kind, from_parent, from_name, from_trashed_at, from_modified_at, from_executable, from_private
      from shard.journal where space_id = ${spaceId} and seq > ${last} and grantee_id is null order by seq limit ${entriesAtOnce}`.execute(
      reader,
    );
    for (const row of rows) take(nodes, row);
    if (nodes.size > limits.rewindNodesMax) throw tooMany();
    read = rows.length;
    last = rows.at(-1)?.seq ?? last;
  }
  return nodes;
}

type Entry = Pick<
  JournalRow,
  | "seq"
  | "node_id"
  | "kind"
  | "from_parent"
  | "from_name"
  | "from_trashed_at"
  | "from_modified_at"
  | "from_executable"
  | "from_private"
>;

function take(nodes: Map<NodeId, WhatWas>, entry: Entry): void {
  const made = entry.from_name === "";
  let was = nodes.get(entry.node_id);
  if (was === undefined) {
    was = {
      made,
      remade: false,
      parentId: undefined,
      name: undefined,
      modifiedAt: undefined,
      executable: undefined,
      private: undefined,
      trashed: undefined,
    };
    nodes.set(entry.node_id, was);
  } else if (made) {
    was.remade = true;
  }
  if (was.made) return;
  was.parentId ??= entry.from_parent ?? undefined;
  was.name ??= made ? undefined : (entry.from_name ?? undefined);
  was.modifiedAt ??= entry.from_modified_at ?? undefined;
  was.executable ??= entry.from_executable ?? undefined;
  was.private ??= entry.from_private ?? undefined;
  if (entry.kind !== "changed") was.trashed ??= entry.from_trashed_at !== null;
}

function tooMany(): HoldfastError {
  const message = `More than ${limits.rewindNodesMax} files and folders have changed since. Rewind to a later time first.`;
  return new HoldfastError("too_large", message, { field: "to" });
}
