import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { accountKey } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

export function NameDialog({ name: before, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const [name, setName] = useState(before);
  const [isTried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () => client.call("updateAccount", { body: { name: name.trim() } }),
    onSuccess: (account) => {
      queries.setQueryData(accountKey, account);
      showToast({ text: message("settings.saved") });
      onClose();
    },
  });
  const problem = save.error === null ? undefined : problemWords(save.error, words);
  const send = () => {
    setTried(true);
    if (name.trim() !== "") save.mutate();
  };
  return (
    <FormDialog
      open
      size="small"
      title={message("settings.changeName")}
      act={message("design.save")}
      busy={save.isPending}
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label={message("settings.name")}
        hint={message("setup.nameHint")}
        autoComplete="name"
        maxLength={200}
        value={name}
        error={isTried && name.trim() === "" ? message("session.missing") : problem}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  );
}
