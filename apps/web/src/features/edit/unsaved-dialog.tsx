import { Link } from "@tanstack/react-router";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { UnsavedQuestion } from "./unsaved.ts";

export function UnsavedDialog({ question }: { readonly question: UnsavedQuestion }) {
  const { message } = useMessages();
  const { files, changeCount, uploads, receivedCount, answer } = question;
  const stay = () => answer(false);
  const names = uploads.slice(0, namesMax).join(", ");
  return (
    <FormDialog
      open
      size="small"
      title={message("edit.out")}
      act={message("edit.outDo")}
      cancel={message("edit.stay")}
      isDanger
      onSubmit={() => answer(true)}
      onClose={stay}
    >
      {changeCount > 0 && <p>{message("edit.outChanges", { count: changeCount })}</p>}
      {uploads.length > 0 && (
        <p>
          {message("edit.outUploads", {
            count: uploads.length,
            names: uploads.length > namesMax ? `${names} …` : names,
          })}
        </p>
      )}
      {receivedCount > 0 && (
        <p>
          {message("receive.signOut", { count: receivedCount })}{" "}
          <Link to="/receive" onClick={stay} className="text-accent underline">
            {message("receive.choose")}
          </Link>
        </p>
      )}
      {files.length > 0 && <p>{message("edit.outAbout")}</p>}
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

const namesMax = 3;
