import { useQuery } from "@tanstack/react-query";
import ScrollText from "lucide-react/icons/scroll-text";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Card } from "../../design/card.tsx";
import { Field } from "../../design/field.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { AuditItem } from "./audit-item.tsx";
import { type Days, isAbout, type People, periodOf } from "./audit-filter.ts";
import { nameCharactersMax, peopleQuery } from "./users-list.ts";

interface Filter extends Days {
  readonly person: string;
}

export function Audit() {
  const { message } = useMessages();
  const [filter, setFilter] = useState<Filter>({ person: "", from: "", to: "" });
  const field = (name: keyof Filter) => ({
    value: filter[name],
    onChange: (event: { readonly target: { readonly value: string } }) =>
      setFilter({ ...filter, [name]: event.target.value }),
  });
  return (
    <Card title={message("admin.audit")} isTitleHidden about={message("audit.about")}>
      <div className="grid gap-4 sm:grid-cols-2">
        <div className="sm:col-span-2">
          <Field
            label={message("audit.person")}
            hint={message("audit.personHint")}
            type="search"
            autoComplete="off"
            spellCheck={false}
            maxLength={nameCharactersMax}
            {...field("person")}
          />
        </div>
        <Field label={message("audit.from")} type="date" min="1900-01-01" max="2199-12-31" {...field("from")} />
        <Field label={message("audit.to")} type="date" min="1900-01-01" max="2199-12-31" {...field("to")} />
      </div>
      <Entries {...filter} />
    </Card>
  );
}

const pageEntries = 100;
/** The server filters by time only, so a person's entries are sought in larger pages. */
const soughtEntries = 1000;

function Entries({ person, from, to }: Filter) {
  const { message, number } = useMessages();
  const { client } = useDrive();
  const search = person.trim();
  const { people, found } = usePeople(search);
  const limit = search === "" ? pageEntries : soughtEntries;
  const period = periodOf({ from, to });
  const load = usePages(["admin-audit", period, limit], (cursor, signal) =>
    client.call("adminListAudit", { query: { ...period, newest: "true", limit, cursor }, signal }),
  );
  const entries = search === "" ? load.data : load.data?.filter((entry) => isAbout(entry, { search, people, found }));
  return (
    <>
      {search !== "" && entries !== undefined && (
        <p role="status" className="text-sm text-muted">
          {message(load.hasNextPage ? "audit.foundNewest" : "audit.found", {
            count: entries.length,
            of: number(load.data?.length ?? 0),
          })}
        </p>
      )}
      <PagedItems
        label={message("admin.audit")}
        load={{ ...load, data: entries }}
        empty={{ Icon: ScrollText, title: message("audit.none"), about: message("audit.noneNext") }}
      >
        {(entry) => <AuditItem key={`${entry.chain} ${entry.seq}`} entry={entry} people={people} />}
      </PagedItems>
    </>
  );
}

/** Entries contain only IDs. On a server with over 1,000 accounts, only the first and the found ones have names. */
function usePeople(search: string): { readonly people: People; readonly found: ReadonlySet<string> } {
  const { client } = useDrive();
  const { data: first } = useQuery(peopleQuery(client, ""));
  const { data: sought } = useQuery({ ...peopleQuery(client, search), enabled: search !== "" });
  const found = search === "" ? [] : (sought?.items ?? []);
  const people = new Map([...(first?.items ?? []), ...found].map((user) => [user.id, user]));
  return { people, found: new Set(found.map(({ id }) => id)) };
}
