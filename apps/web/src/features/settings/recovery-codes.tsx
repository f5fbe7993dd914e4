import { useMemo } from "react";
import { Button, buttonLook } from "../../design/button.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface RecoveryCodesProps {
  readonly codes: readonly string[];
  readonly onClose: () => void;
}

export function RecoveryCodes({ codes, onClose }: RecoveryCodesProps) {
  const { message } = useMessages();
  const text = codes.join("\n");
  const file = useMemo(() => `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`, [text]);
  return (
    <Dialog
      open
      title={message("settings.factorCodes")}
      about={message("settings.factorCodesAbout")}
      // The codes are shown only once.
      isKept
      onClose={onClose}
      acts={
        <>
          <a href={file} download="holdfast-recovery-codes.txt" className={buttonLook("secondary")}>
            {message("settings.factorSave")}
          </a>
          <Button kind="primary" onClick={onClose}>
            {message("settings.done")}
          </Button>
        </>
      }
    >
      <CopyField label={message("settings.factorCodes")} text={text} />
    </Dialog>
  );
}
