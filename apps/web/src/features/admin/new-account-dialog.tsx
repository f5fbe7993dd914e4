import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { showToast } from "../../design/toasts.ts";
import type { Messages } from "../../messages/messages.ts";
import { passwordProblem } from "../../messages/password-words.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { isAddress } from "./is-address.ts";
import { nameCharactersMax, usersKey } from "./users-list.ts";

interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export function NewAccountDialog({ onClose }: { readonly onClose: () => void }) {
  const words = useMessages();
  const { message } = words;
  const [account, setAccount] = useState<NewAccount>({ name: "", email: "", password: "" });
  const [isTried, setTried] = useState(false);
  const create = useCreate(onClose);
  const faults = faultsOf(account, words);
  const refusals = refusalsOf(create.error, words);
  const shown: Faults = isTried ? { ...refusals, ...faults } : {};
  const send = () => {
    setTried(true);
    if (Object.keys(faults).length > 0) return;
    create.mutate({ ...account, name: account.name.trim(), email: account.email.trim() });
  };
  /** Another person's account: no autofill of own data. */
  const field = (name: keyof NewAccount) => ({
    autoComplete: "off",
    value: account[name],
    error: shown[name],
    onChange: (event: { readonly target: { readonly value: string } }) =>
      setAccount({ ...account, [name]: event.target.value }),
  });
  return (
    <FormDialog
      open
      size="small"
      title={message("admin.newAccount")}
      about={message("admin.newAccountAbout")}
      act={message("setup.createAccount")}
      busy={create.isPending}
      problem={refusals.form}
      onSubmit={send}
      onClose={onClose}
    >
      <Field label={message("settings.name")} maxLength={nameCharactersMax} {...field("name")} />
      <Field label={message("settings.email")} type="email" maxLength={limits.emailBytesMax} {...field("email")} />
      <Field
        label={message("session.password")}
        type="password"
        maxLength={limits.passwordBytesMax}
        hint={message("setup.passwordHint", { count: limits.passwordBytesMin })}
        {...field("password")}
      />
    </FormDialog>
  );
}

type Faults = Readonly<Partial<Record<keyof NewAccount, string>>>;

function faultsOf({ name, email, password }: NewAccount, { message }: Pick<Messages, "message">): Faults {
  const isShort = new TextEncoder().encode(password).length < limits.passwordBytesMin;
  return {
    ...(name.trim() === "" ? { name: message("session.missing") } : {}),
    ...(isAddress(email) ? {} : { email: message("setup.noAddress") }),
    ...(isShort ? { password: message("setup.passwordShort", { count: limits.passwordBytesMin }) } : {}),
  };
}

/** The server's answer, at the field that it concerns. */
function refusalsOf(thrown: Error | null, words: Messages): Faults & { readonly form?: string | undefined } {
  if (thrown === null) return {};
  const password = passwordProblem(thrown, words);
  if (password !== undefined) return { password };
  if (toHoldfastError(thrown).code === "exists") return { email: words.message("admin.addressTaken") };
  return { form: problemWords(thrown, words) };
}

function useCreate(onCreated: () => void) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewAccount) => client.call("adminCreateUser", { body }),
    onSuccess: (user) => {
      showToast({ text: message("admin.accountCreated", { name: user.name }) });
      onCreated();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: usersKey }),
  });
}
