import { useRef } from "react";
import { useMessages } from "../../../messages/use-messages.ts";
import { stemLength } from "./file-names.ts";
import { NameInput } from "./name-input.tsx";
import { isFolder, type ListedRow } from "../rows/row-source.ts";

interface NameFieldProps {
  readonly row: ListedRow;
  readonly onName: (name: string) => void;
  readonly onCancel: () => void;
}

/** Enter or leaving the field saves, Escape cancels. */
export function NameField({ row, onName, onCancel }: NameFieldProps) {
  const { message } = useMessages();
  const isDone = useRef(false);
  const end = (name: string | undefined) => {
    if (isDone.current) return;
    isDone.current = true;
    if (name !== undefined && name !== row.name) onName(name);
    else onCancel();
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
