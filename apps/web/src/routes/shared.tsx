import { Link, useSearch } from "@tanstack/react-router";
import { sharedByMeColumns, sharedColumns } from "../features/files/list/columns.ts";
import { sharedByMe, sharedWithMe } from "../features/files/rows/list-queries.ts";
import { ListedPlace } from "../features/files/places/listed-place.tsx";
import { useMessages } from "../messages/use-messages.ts";

export function SharedPlace() {
  const { message } = useMessages();
  const { by } = useSearch({ strict: false });
  const isByMe = by === "me";
  return (
    <ListedPlace
      key={by ?? "others"}
      kind="shared"
      title={message("place.shared")}
      narrow={<Whose />}
      columns={isByMe ? sharedByMeColumns : sharedColumns}
      empty={message(isByMe ? "shared.emptyByMe" : "shared.empty")}
      load={isByMe ? sharedByMe : sharedWithMe}
    />
  );
}

function Whose() {
  const { message } = useMessages();
  const { by } = useSearch({ strict: false });
  const look = "flex h-8 shrink-0 items-center rounded-md px-3 pointer-coarse:h-11";
  const chosen = "bg-selected font-semibold";
  const other = "text-muted hover:bg-hover";
  return (
    <nav aria-label={message("place.shared")} className="flex gap-1">
      <Link
        to="/shared"
        aria-current={by === undefined ? "page" : undefined}
        className={`${look} ${by === undefined ? chosen : other}`}
      >
        {message("shared.withMe")}
      </Link>
      <Link
        to="/shared"
        search={{ by: "me" }}
        aria-current={by === "me" ? "page" : undefined}
        className={`${look} ${by === "me" ? chosen : other}`}
      >
        {message("shared.byMe")}
      </Link>
    </nav>
  );
}
