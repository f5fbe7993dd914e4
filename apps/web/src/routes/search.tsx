import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { listColumns } from "../features/files/list/columns.ts";
import { found } from "../features/files/rows/list-queries.ts";
import { ListedPlace } from "../features/files/places/listed-place.tsx";
import { SearchChips } from "../features/files/finding/search-chips.tsx";
import { readFilters } from "../features/files/finding/search-filters.ts";
import { useMessages } from "../messages/use-messages.ts";

export function SearchPlace() {
  const { message } = useMessages();
  const { q = "", in: inside, type, owner, modified } = useSearch({ strict: false });
  const isFiltered = [inside, type, owner, modified].some((value) => value !== undefined);
  const unfiltered = q === "" ? "find.ask" : "find.empty";
  const load = useMemo(() => {
    const filters = readFilters({ in: inside, type, owner, modified }, new Date());
    // No request.
    if (q === "" && Object.values(filters).every((value) => value === undefined)) {
      return () => async () => ({ rows: [], next: null });
    }
    return (client: ApiClient) => found(client, { ...filters, ...(q === "" ? {} : { q }) });
  }, [q, inside, type, owner, modified]);
  return (
    <ListedPlace
      key={[q, inside, type, owner, modified].join(" ")}
      kind="list"
      title={q === "" ? message("place.search") : message("find.title", { q })}
      narrow={<SearchChips />}
      hidesTitleOnPhone
      columns={listColumns}
      empty={message(isFiltered ? "find.emptyFiltered" : unfiltered)}
      load={load}
    />
  );
}
