import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { useMutation } from "@tanstack/react-query";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { type ReactNode, useRef, useState } from "react";
import { useAccount } from "../../data/account.ts";
import { Field } from "../../design/field.tsx";
import { textOf } from "../../design/use-form.ts";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { FactorFields } from "./factor-fields.tsx";
import { passkeyWords } from "./passkey-words.ts";
import { CodeField } from "./code-field.tsx";

interface Proof {
  /** Absent without a password. Then the server requires another proof, whose dialog opens automatically. */
  readonly password?: string;
  readonly totp?: string;
  readonly passkey?: PasskeyAssertion;
}

interface ProofDialogProps {
  readonly title: string;
  readonly about: string;
  readonly act: string;
  readonly isDanger?: boolean;
  /** Authenticator app without a passkey. */
  readonly needsCode: boolean;
  readonly children?: ReactNode;
  /** @param fields values of all fields */
  readonly send: (proof: Proof, fields: FormData) => Promise<unknown>;
  readonly onClose: () => void;
}

/** Another person may use the signed-in browser. */
export function ProofDialog({ needsCode, children, send, onClose, ...dialog }: ProofDialogProps) {
  const words = useMessages();
  const { message } = words;
  const { data: account } = useAccount();
  const hasPassword = account?.has_password !== false;
  const [missing, setMissing] = useState<{ readonly password: boolean; readonly totp: boolean }>();
  const shown = useRef<PasskeyAssertion>(undefined);
  const prove = useMutation({
    mutationFn: ({ proof, fields }: { proof: Proof; fields: FormData }) => send(proof, fields),
  });
  const submit = (fields: FormData) => {
    const password = textOf(fields.get("password"));
    const totp = textOf(fields.get("totp")).trim();
    const passkey = shown.current;
    shown.current = undefined;
    const lacking = {
      password: hasPassword && password === "",
      totp: needsCode && totp === "" && passkey === undefined,
    };
    setMissing(lacking);
    if (lacking.password || lacking.totp) return;
    const code = totp === "" ? {} : { totp };
    const given = hasPassword ? { password } : {};
    prove.mutate({ proof: { ...given, ...(passkey === undefined ? code : { passkey }) }, fields });
  };
  const failure = prove.error === null ? undefined : toHoldfastError(prove.error);
  // The second factor may have been switched on since the page loaded.
  const asked = useLastAsked(failure);
  const isFirst = failure?.code === "second_factor" && prove.variables?.proof.totp === undefined;
  const at = failure?.field === "password" || failure?.field === "totp" ? failure.field : undefined;
  const passwordProblem = at === "password" ? message("settings.passwordWrong") : undefined;
  const codeProblem = at === "totp" && !isFirst ? message("factor.codeWrong") : undefined;
  return (
    <FormDialog
      {...dialog}
      open
      size="small"
      busy={prove.isPending}
      problem={prove.error === null || at !== undefined ? undefined : passkeyWords(prove.error, words)}
      onSubmit={submit}
      onClose={onClose}
    >
      {children}
      <input hidden readOnly autoComplete="username" value={account?.email ?? ""} />
      {hasPassword && (
        <Field
          label={message("settings.passwordCurrent")}
          name="password"
          type="password"
          autoComplete="current-password"
          error={missing?.password === true ? message("session.passwordMissing") : passwordProblem}
        />
      )}
      {asked !== undefined ? (
        <FactorFields
          asked={asked}
          error={missing?.totp === true ? message("factor.codeMissing") : codeProblem}
          onPasskey={(assertion, form) => {
            shown.current = assertion;
            form?.requestSubmit();
          }}
        />
      ) : (
        needsCode && <CodeField error={missing?.totp === true ? message("factor.codeMissing") : undefined} />
      )}
    </FormDialog>
  );
}

/** Kept while the next request runs, so that the field stays. */
function useLastAsked(failure: HoldfastError | undefined): HoldfastError | undefined {
  const [asked, setAsked] = useState<HoldfastError>();
  if (failure?.code === "second_factor" && failure !== asked) setAsked(failure);
  return asked;
}
