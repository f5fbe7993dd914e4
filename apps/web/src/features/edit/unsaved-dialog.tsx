import { Link } from "@tanstack/react-router";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { UnsavedQuestion } from "./unsaved.ts";

export function UnsavedDialog({ question: { files, answer } }: { readonly question: UnsavedQuestion }) {
  const { message } = useMessages();
  const stay = () => answer(false);
  return (
    <FormDialog
      open
      size="small"
      title={message("edit.out")}
      about={message("edit.outAbout")}
      act={message("edit.outDo")}
      cancel={message("edit.stay")}
      isDanger
      onSubmit={() => answer(true)}
      onClose={stay}
    >
      <ul className="flex flex-col gap-1">
        {files.map(({ id, name }) => (
          <li key={id} className="truncate">
            <Link to="/edit/$id" params={{ id }} onClick={stay} className="text-accent underline">
              <bdi>{name ?? message("edit.strandedText")}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </FormDialog>
  );
}
