import type { ShreddingJson } from "@holdfast/protocol/shred-routes";
import { Button } from "../../design/button.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { Notice } from "../../design/notice.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface ShredProgressProps {
  readonly name: string;
  readonly shredding: ShreddingJson;
  readonly onClose: () => void;
}

/** Progress of the deletion, which continues when the dialog is closed. */
export function ShredProgress({ name, shredding, onClose }: ShredProgressProps) {
  const words = useMessages();
  const { message } = words;
  return (
    <Dialog
      open
      title={message("shred.of", { name })}
      onClose={onClose}
      acts={
        <Button kind="primary" onClick={onClose}>
          {message("design.close")}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <State shredding={shredding} />
        <p>{backupWords(shredding.backup, words)}</p>
      </div>
    </Dialog>
  );
}

function State({ shredding }: { readonly shredding: ShreddingJson }) {
  const { message } = useMessages();
  const { state, step, waits_for: waitsFor } = shredding;
  if (state === "done") return <Notice kind="success" isNews title={message("shred.done")} />;
  if (state === "waiting") {
    return (
      <Notice kind="warning" isNews title={message("shred.waiting")}>
        {waitsFor}
      </Notice>
    );
  }
  return (
    <Notice kind="info" isNews title={message("shred.running")}>
      {step !== null && <p>{message(`shred.${step}`)}</p>}
      <p>{message("shred.runningAbout")}</p>
    </Notice>
  );
}

/** The backup still contains the data. */
export function backupWords(backup: ShreddingJson["backup"], { message }: Messages): string {
  return backup === null ? message("shred.noBackup") : message("shred.backup", { place: backup.place });
}
