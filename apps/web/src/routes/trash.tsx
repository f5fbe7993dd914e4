import { trashColumns } from "../features/files/columns.ts";
import { trash } from "../features/files/list-queries.ts";
import { ListedPlace } from "../features/files/listed-place.tsx";
import { useMessages } from "../messages/use-messages.ts";

export function TrashPlace() {
  const { message } = useMessages();
  return (
    <ListedPlace
      kind="trash"
      title={message("place.trash")}
      columns={trashColumns}
      empty={message("files.emptyTrash")}
      load={trash}
    />
  );
}
