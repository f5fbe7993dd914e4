import { useRef } from "react";
import { useMessages } from "../../messages/use-messages.ts";
import { stemLength } from "./file-names.ts";
import { useListActions } from "./list-actions.ts";
import { NameInput } from "./name-input.tsx";
import { isFolder, type ListedRow } from "./row-source.ts";

/** Enter or leaving the field saves, Escape cancels. */
export function NameField({ row }: { readonly row: ListedRow }) {
  const { message } = useMessages();
  const actions = useListActions();
  const isDone = useRef(false);
  const end = (name: string | undefined) => {
    if (isDone.current) return;
    isDone.current = true;
    if (name !== undefined && name !== row.name) actions.rename(row, name);
    else actions.endRename(row);
  };
  return (
    <NameInput
      name={row.name}
      stem={stemLength(row.name, isFolder(row))}
      label={message("files.newName")}
      onEnd={end}
      endsOnBlur
    />
  );
}
