import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import Search from "lucide-react/icons/search";
import { type SubmitEvent, Suspense, useId, useRef, useState } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { useMessages, withWords } from "../../messages/use-messages.ts";

const loadList = async () => (await withWords(import("./search-list.tsx"))).SearchList;
const SearchList = lazyPart(loadList);

/** Finds files, with results below the field. Input after `>` searches commands. */
export function SearchField() {
  const { message } = useMessages();
  const navigate = useNavigate();
  // A new text keeps the filters of a search.
  const { q = "", ...filters } = useSearch({ strict: false });
  const { id: from } = useParams({ strict: false });
  const field = useRef<HTMLInputElement>(null);
  const listId = useId();
  /** Input since the focus; undefined: no list is shown. */
  const [wanted, setWanted] = useState<string>();
  const [activeId, setActiveId] = useState<string>();
  /** Gets the focus back before a command runs. */
  const before = useRef<Element | null>(null);
  const find = (words: string) =>
    void navigate({ to: "/search", search: { ...(from && { from }), ...filters, q: words } });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const words = field.current?.value.trim() ?? "";
    if (words === "" || words.startsWith(">")) return;
    setWanted(undefined);
    find(words);
  };
  const leave = () => {
    if (field.current !== null) field.current.value = q;
    setWanted(undefined);
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    else field.current?.blur();
  };
  return (
    <form role="search" onSubmit={submit} className="relative min-w-0 max-w-xl flex-1">
      <Search aria-hidden size={16} className="pointer-events-none absolute start-3 top-3 text-muted" />
      <input
        key={q}
        ref={field}
        type="search"
        name="q"
        defaultValue={q}
        aria-label={message("shell.searchHint")}
        aria-keyshortcuts="/"
        placeholder={message("shell.search")}
        autoComplete="off"
        spellCheck={false}
        onFocus={(event) => {
          before.current = event.relatedTarget;
          // The next input may be a command followed by Enter.
          loadList().catch(() => {});
        }}
        onBlur={() => setWanted(undefined)}
        onChange={({ target: { value } }) => setWanted(value.trim() === "" ? undefined : value.trimStart())}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={wanted !== undefined}
        {...(wanted === undefined ? {} : { "aria-controls": listId, "aria-activedescendant": activeId })}
        className="h-10 w-full rounded-md border border-edge bg-surface ps-9 pe-3 placeholder:text-muted"
      />
      {wanted !== undefined && (
        <Suspense fallback={null}>
          <SearchList id={listId} wanted={wanted} field={field} onActive={setActiveId} onLeave={leave} onAll={find} />
        </Suspense>
      )}
    </form>
  );
}
