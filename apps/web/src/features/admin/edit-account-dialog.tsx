import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { accountKey } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { isAddress } from "./is-address.ts";
import { nameCharactersMax, type UserJson, usersKey } from "./users-list.ts";

interface EditAccountDialogProps {
  readonly user: UserJson;
  readonly onClose: () => void;
}

export function EditAccountDialog({ user, onClose }: EditAccountDialogProps) {
  const words = useMessages();
  const { message } = words;
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email);
  const [isTried, setTried] = useState(false);
  const save = useSave(user, onClose);
  const failure = save.error === null ? undefined : toHoldfastError(save.error);
  const isTaken = failure?.code === "exists";
  const isNameless = name.trim() === "";
  const isNoAddress = !isAddress(email);
  const send = () => {
    setTried(true);
    if (!isNameless && !isNoAddress) save.mutate({ name: name.trim(), email: email.trim() });
  };
  const addressProblem = isTaken ? message("admin.addressTaken") : undefined;
  return (
    <FormDialog
      open
      size="small"
      title={message("admin.editAccountTitle")}
      act={message("design.save")}
      busy={save.isPending}
      problem={failure === undefined || isTaken ? undefined : problemWords(failure, words)}
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label={message("settings.name")}
        value={name}
        maxLength={nameCharactersMax}
        // Another person's account: no autofill of own data.
        autoComplete="off"
        error={isTried && isNameless ? message("session.missing") : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={message("settings.email")}
        type="email"
        hint={message("admin.editAccountEmail")}
        value={email}
        maxLength={limits.emailBytesMax}
        autoComplete="off"
        error={isTried && isNoAddress ? message("setup.noAddress") : addressProblem}
        onChange={(event) => setEmail(event.target.value)}
      />
    </FormDialog>
  );
}

/** Sends only changes, because a new address requires more than a new name. */
function useSave(user: UserJson, onSaved: () => void) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, email }: { readonly name: string; readonly email: string }) => {
      const body = { ...(name === user.name ? {} : { name }), ...(email === user.email ? {} : { email }) };
      if (Object.keys(body).length > 0) await client.call("adminUpdateUser", { params: { id: user.id }, body });
    },
    onSuccess: () => {
      showToast({ text: message("settings.saved") });
      onSaved();
    },
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: usersKey });
      // The account may be the administrator's own.
      await queries.invalidateQueries({ queryKey: accountKey });
    },
  });
}
