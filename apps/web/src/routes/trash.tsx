import { useMemo } from "react";
import { useLimit } from "../data/account.ts";
import { trashColumns } from "../features/files/list/columns.ts";
import { trash } from "../features/files/rows/list-queries.ts";
import { ListedPlace } from "../features/files/places/listed-place.tsx";
import { useMessages } from "../messages/use-messages.ts";

export function TrashPlace() {
  const { message, duration } = useMessages();
  const keptMs = useLimit("trash_lifetime_ms");
  const columns = useMemo(() => trashColumns(keptMs), [keptMs]);
  return (
    <ListedPlace
      kind="trash"
      title={message("place.trash")}
      columns={columns}
      empty={
        keptMs === undefined ? message("files.emptyRead") : message("files.emptyTrash", { time: duration(keptMs) })
      }
      load={trash}
    />
  );
}
