import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import ChevronDown from "lucide-react/icons/chevron-down";
import Folder from "lucide-react/icons/folder";
import X from "lucide-react/icons/x";
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { MenuButton } from "../../../design/menu-button.tsx";
import { shownName } from "../../../design/shown-name.ts";
import type { PlainKey } from "../../../messages/messages.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { isKey, type SearchFilters, timeWords, typeWords } from "./search-filters.ts";
import { useLineage } from "../rows/use-lineage.ts";

/** Chip that was used. The list and the chips are made again for the new search. */
let usedChip: string | undefined;

/** Filters of a search. Each is in the address, so that Back removes it and a bookmark keeps it. */
export function SearchChips() {
  const { message } = useMessages();
  const navigate = useNavigate();
  const { q, from, type, owner, modified, in: inside } = useSearch({ strict: false });
  const group = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const chip = group.current?.querySelector<HTMLElement>(`[data-chip="${usedChip}"]`);
    usedChip = undefined;
    if (document.activeElement === document.body) chip?.focus();
  }, []);
  const filters: SearchFilters = { type, owner, modified, in: inside };
  const go = (chip: string, next: SearchFilters & { readonly from?: string | undefined }) => {
    usedChip = chip;
    const search = Object.entries({ q, from, ...filters, ...next }).filter(([, value]) => value !== undefined);
    void navigate({ to: "/search", search: Object.fromEntries(search) });
  };
  const folderId = inside ?? from;
  return (
    <div ref={group} role="group" aria-label={message("find.filters")} className="flex gap-2">
      <MenuChip
        name="type"
        label={message("find.type")}
        any={message("find.typeAll")}
        choices={choicesOf(typeWords, message)}
        chosen={isKey(typeWords, type) ? type : undefined}
        onChoose={(next) => go("type", { type: next })}
      />
      <PeopleChip chosen={owner} onChoose={(next) => go("owner", { owner: next })} />
      <MenuChip
        name="modified"
        label={message("files.columnModified")}
        any={message("find.anyTime")}
        choices={choicesOf(timeWords, message)}
        chosen={isKey(timeWords, modified) ? modified : undefined}
        onChoose={(next) => go("modified", { modified: next })}
      />
      {folderId !== undefined && (
        <FolderChip
          id={folderId}
          isOn={inside !== undefined}
          onToggle={(isOn) => go("in", { from: folderId, in: isOn ? folderId : undefined })}
        />
      )}
      {Object.values(filters).some((value) => value !== undefined) && (
        <button
          type="button"
          className={`${chipLook} text-muted`}
          onClick={() =>
            go("type", { from: folderId, type: undefined, owner: undefined, modified: undefined, in: undefined })
          }
        >
          <X aria-hidden size={16} />
          {message("find.clear")}
        </button>
      )}
    </div>
  );
}

const chipLook =
  "flex h-8 shrink-0 items-center gap-1.5 rounded-full px-3 hover:bg-hover active:bg-pressed pointer-coarse:h-11";
const offLook = "border border-edge";
const onLook = "bg-selected font-semibold";

type Choices = Readonly<Record<string, string>>;

function choicesOf(words: Readonly<Record<string, PlainKey>>, message: (key: PlainKey) => string): Choices {
  return Object.fromEntries(Object.entries(words).map(([value, key]) => [value, message(key)]));
}

interface MenuChipProps {
  readonly name: string;
  readonly label: string;
  /** Choice without a filter. */
  readonly any: string;
  readonly choices: Choices;
  readonly chosen: string | undefined;
  readonly onChoose: (value: string | undefined) => void;
}

function MenuChip({ name, label, any, choices, chosen, onChoose }: MenuChipProps) {
  const value = chosen === undefined ? undefined : (choices[chosen] ?? chosen);
  const items = () => [
    { label: any, checked: chosen === undefined, run: () => onChoose(undefined) },
    ...Object.entries(choices).map(([key, words]) => ({
      label: words,
      checked: key === chosen,
      run: () => onChoose(key),
    })),
  ];
  return (
    <MenuButton label={label} items={items}>
      <button
        type="button"
        data-chip={name}
        aria-label={value === undefined ? label : `${label}: ${value}`}
        className={`${chipLook} ${value === undefined ? offLook : onLook}`}
      >
        <bdi className="max-w-40 truncate">{value ?? label}</bdi>
        <ChevronDown aria-hidden size={16} />
      </button>
    </MenuButton>
  );
}

/** Oneself, all others, and the people who share something with the viewer. */
function PeopleChip({ chosen, onChoose }: Pick<MenuChipProps, "chosen" | "onChoose">) {
  const { message } = useMessages();
  const { client } = useDrive();
  const { data = [] } = useQuery({
    queryKey: ["owners"],
    queryFn: async ({ signal }) =>
      (await client.call("listSharedWithMe", { query: { limit: 200 }, signal })).items.map(({ owner }) => owner),
  });
  const people = data
    .map(({ id, name, email }) => [id, name || email] as const)
    .toSorted(([, left], [, right]) => left.localeCompare(right));
  const choices = {
    me: message("find.mine"),
    others: message("find.others"),
    ...Object.fromEntries(people),
  };
  const known =
    chosen === undefined || Object.hasOwn(choices, chosen)
      ? choices
      : { ...choices, [chosen]: message("find.somebody") };
  return (
    <MenuChip
      name="owner"
      label={message("find.people")}
      any={message("find.anybody")}
      choices={known}
      chosen={chosen}
      onChoose={onChoose}
    />
  );
}

interface FolderChipProps {
  readonly id: string;
  readonly isOn: boolean;
  readonly onToggle: (isOn: boolean) => void;
}

function FolderChip({ id, isOn, onToggle }: FolderChipProps): ReactNode {
  const { message } = useMessages();
  const folder = useLineage(id).data?.[0];
  // The account's root has no name, and everything is in it. A search can also be opened from a file.
  if (!isOn && (folder?.kind !== "folder" || folder.name === "")) return null;
  const name = folder === undefined || folder.name === "" ? undefined : shownName(folder.name);
  return (
    <button
      type="button"
      data-chip="in"
      aria-pressed={isOn}
      className={`${chipLook} ${isOn ? onLook : offLook}`}
      onClick={() => onToggle(!isOn)}
    >
      <Folder aria-hidden size={16} />
      <bdi className="max-w-48 truncate">
        {name === undefined ? message("find.inFolder") : message("find.in", { name })}
      </bdi>
    </button>
  );
}
