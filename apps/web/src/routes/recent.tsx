import { listColumns } from "../features/files/list/columns.ts";
import { recent } from "../features/files/rows/list-queries.ts";
import { ListedPlace } from "../features/files/places/listed-place.tsx";
import { useMessages } from "../messages/use-messages.ts";

export function RecentPlace() {
  const { message } = useMessages();
  return (
    <ListedPlace
      kind="list"
      title={message("place.recent")}
      columns={listColumns}
      empty={message("files.emptyRecent")}
      load={recent}
    />
  );
}
