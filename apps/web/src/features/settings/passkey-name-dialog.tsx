import { useMutation } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { textOf } from "../../design/use-form.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface PasskeyNameDialogProps {
  readonly id: string;
  readonly name: string;
  readonly onChanged: () => Promise<unknown>;
  readonly onClose: () => void;
}

export function PasskeyNameDialog({ id, name, onChanged, onClose }: PasskeyNameDialogProps) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const save = useMutation({
    mutationFn: (wanted: string) => client.call("renamePasskey", { params: { id }, body: { name: wanted } }),
    onSuccess: async () => {
      onClose();
      await onChanged();
    },
  });
  return (
    <FormDialog
      open
      size="small"
      title={message("factor.passkeyRenameNamed", { name })}
      act={message("design.save")}
      busy={save.isPending}
      problem={save.error === null ? undefined : problemWords(save.error, words)}
      onSubmit={(fields) => save.mutate(textOf(fields.get("name")).trim() || name)}
      onClose={onClose}
    >
      <Field label={message("factor.passkeyName")} name="name" maxLength={200} defaultValue={name} />
    </FormDialog>
  );
}
