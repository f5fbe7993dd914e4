import type { ActLabel, Drive } from "../../../data/drive.ts";
import type { Act } from "../../../data/undo.ts";
import { messages } from "../../../messages/use-messages.ts";
import { offerUndo } from "./act-runner.ts";
import type { ListedRow } from "../rows/row-source.ts";
import { newOperationId } from "./step-runner.ts";

/** The API has no batch for stars. */
const atOnce = 4;

export async function star(
  drive: Drive,
  rows: readonly ListedRow[],
  parentOf: (row: ListedRow) => string,
  isStarred: boolean,
  onStar: (ids: ReadonlySet<string>, isStarred: boolean) => void,
): Promise<void> {
  const changed = rows.filter((row) => row.isStarred !== isStarred);
  if (changed.length === 0) return;
  const ids = new Set(changed.map(({ id }) => id));
  await mark(drive, changed, parentOf, isStarred);
  onStar(ids, isStarred);
  const undoable = (was: boolean): Act<ActLabel> => ({
    label: { message: "files.undone", values: { name: changed[0]?.name ?? "" }, ids: [...ids] },
    takeBack: async () => {
      await mark(drive, changed, parentOf, was);
      onStar(ids, was);
      return undoable(!was);
    },
  });
  const words = isStarred ? "files.starred" : "files.unstarred";
  offerUndo(drive, messages().message(words, { count: changed.length }), undoable(!isStarred));
}

async function mark(
  { client, acts, overlay, folders }: Drive,
  rows: readonly ListedRow[],
  parentOf: (row: ListedRow) => string,
  isStarred: boolean,
): Promise<void> {
  await (await acts())?.assertHere();
  const effects = rows.map((row) => ({
    kind: "set" as const,
    folderId: parentOf(row),
    id: row.id,
    values: { isStarred },
  }));
  const waiting = [...rows];
  const work = async () => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      await client.call(isStarred ? "starNode" : "unstarNode", { params: { id: row.id } });
    }
  };
  await overlay.during(
    newOperationId(),
    effects,
    () => Promise.all(Array.from({ length: atOnce }, work)),
    () => folders.star(new Set(rows.map(({ id }) => id)), isStarred),
  );
}
