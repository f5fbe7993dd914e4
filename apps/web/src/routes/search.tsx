import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { listColumns } from "../features/files/columns.ts";
import { found } from "../features/files/list-queries.ts";
import { ListedPlace } from "../features/files/listed-place.tsx";
import { useMessages } from "../messages/use-messages.ts";

const types = {
  "": "find.typeAll",
  folder: "find.typeFolder",
  file: "find.typeFile",
  image: "find.typeImage",
  document: "find.typeDocument",
  audio: "find.typeAudio",
  video: "find.typeVideo",
} as const;

export function SearchPlace() {
  const { message } = useMessages();
  const { q = "", in: inside, type: wanted } = useSearch({ strict: false });
  const type = wanted !== undefined && isType(wanted) && wanted !== "" ? wanted : undefined;
  const load = useMemo(() => {
    // No request.
    if (q === "") return () => async () => ({ rows: [], next: null });
    return (client: ApiClient) => found(client, { q, in: inside, type });
  }, [q, inside, type]);
  return (
    <ListedPlace
      key={`${q} ${inside ?? ""} ${type ?? ""}`}
      kind="list"
      title={q === "" ? message("place.search") : message("find.title", { q })}
      narrow={<Types chosen={type ?? ""} />}
      columns={listColumns}
      empty={message(q === "" ? "find.ask" : "find.empty")}
      load={load}
    />
  );
}

function Types({ chosen }: { readonly chosen: keyof typeof types }) {
  const { message } = useMessages();
  const navigate = useNavigate();
  const { q, in: inside } = useSearch({ strict: false });
  const choose = (type: string) => {
    const search = Object.entries({ q, in: inside, type }).filter(([, value]) => value !== undefined && value !== "");
    void navigate({ to: "/search", search: Object.fromEntries(search), replace: true });
  };
  return (
    <div role="group" aria-label={message("place.search")} className="flex gap-1">
      {Object.entries(types).map(([type, words]) => (
        <button
          key={type}
          type="button"
          aria-pressed={type === chosen}
          onClick={() => choose(type)}
          className="h-8 shrink-0 rounded-md px-3 text-muted hover:bg-hover active:bg-pressed aria-pressed:bg-selected aria-pressed:font-semibold aria-pressed:text-text pointer-coarse:h-11"
        >
          {message(words)}
        </button>
      ))}
    </div>
  );
}

function isType(text: string): text is keyof typeof types {
  return text in types;
}
