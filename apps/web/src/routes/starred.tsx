import { listColumns } from "../features/files/list/columns.ts";
import { starred } from "../features/files/rows/list-queries.ts";
import { ListedPlace } from "../features/files/places/listed-place.tsx";
import { useMessages } from "../messages/use-messages.ts";

export function StarredPlace() {
  const { message } = useMessages();
  return (
    <ListedPlace
      kind="list"
      title={message("place.starred")}
      columns={listColumns}
      empty={message("files.emptyStarred")}
      load={starred}
      isOfStars
    />
  );
}
