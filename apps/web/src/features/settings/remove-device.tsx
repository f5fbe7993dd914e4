import { useState } from "react";
import { Checkbox } from "../../design/choice.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useRemoveDevice } from "../../data/use-devices.ts";

interface RemoveDeviceProps {
  readonly device: { readonly id: string; readonly name: string };
  /** Only the copies are left to remove. */
  readonly isSignedOut?: boolean;
  readonly onClose: () => void;
}

/** Optionally deletes the synced copies, and explains what that covers. */
export function RemoveDevice({ device: { id, name }, isSignedOut = false, onClose }: RemoveDeviceProps) {
  const words = useMessages();
  const { message } = words;
  const remove = useRemoveDevice();
  const [removesCopies, setRemovesCopies] = useState(isSignedOut);
  const send = () =>
    remove.mutate(
      { id, removesCopies },
      {
        onSuccess: () => {
          showToast({ text: message(isSignedOut ? "settings.copiesAsked" : "settings.signedOut", { name }) });
          onClose();
        },
      },
    );
  return (
    <FormDialog
      open
      size="small"
      title={message(isSignedOut ? "settings.copiesTitle" : "settings.removeTitle", { name })}
      about={message(isSignedOut ? "settings.removeCopiesHint" : "settings.removeAbout")}
      act={message(actOf(isSignedOut, removesCopies))}
      isDanger
      busy={remove.isPending}
      problem={remove.error === null ? undefined : problemWords(remove.error, words)}
      onSubmit={send}
      onClose={onClose}
    >
      {!isSignedOut && (
        <Checkbox
          label={message("settings.removeCopies")}
          hint={message("settings.removeCopiesHint")}
          checked={removesCopies}
          onChange={setRemovesCopies}
        />
      )}
    </FormDialog>
  );
}

function actOf(isSignedOut: boolean, removesCopies: boolean) {
  if (isSignedOut) return "settings.copiesAct";
  return removesCopies ? "settings.removeWithCopies" : "settings.signOutOne";
}
