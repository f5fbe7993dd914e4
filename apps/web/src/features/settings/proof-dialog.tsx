import { toHoldfastError } from "@holdfast/core/errors";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useAccount } from "../../data/account.ts";
import { Field } from "../../design/field.tsx";
import { textOf } from "../../design/use-form.ts";
import { FormDialog } from "../../design/form-dialog.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { CodeField } from "../sign-in/code-field.tsx";

interface Proof {
  readonly password: string;
  readonly totp?: string;
}

interface ProofDialogProps {
  readonly title: string;
  readonly about: string;
  readonly act: string;
  readonly isDanger?: boolean;
  /** The account has a second factor. */
  readonly needsCode: boolean;
  /** Asked for besides. */
  readonly children?: ReactNode;
  /** @param fields of all that was asked for */
  readonly send: (proof: Proof, fields: FormData) => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks for the password, and for a code: somebody else may sit at a browser that is signed in. */
export function ProofDialog({ needsCode, children, send, onClose, ...dialog }: ProofDialogProps) {
  const words = useMessages();
  const { message } = words;
  const { data: account } = useAccount();
  const [missing, setMissing] = useState<{ readonly password: boolean; readonly totp: boolean }>();
  const prove = useMutation({
    mutationFn: ({ proof, fields }: { proof: Proof; fields: FormData }) => send(proof, fields),
  });
  const submit = (fields: FormData) => {
    const password = textOf(fields.get("password"));
    const totp = textOf(fields.get("totp")).trim();
    const lacking = { password: password === "", totp: needsCode && totp === "" };
    setMissing(lacking);
    if (!lacking.password && !lacking.totp)
      prove.mutate({ proof: { password, ...(totp === "" ? {} : { totp }) }, fields });
  };
  const failure = prove.error === null ? undefined : toHoldfastError(prove.error);
  // It may have been switched on elsewhere since the page was opened.
  const asksCode = needsCode || failure?.code === "second_factor";
  const isFirst = failure?.code === "second_factor" && prove.variables?.proof.totp === undefined;
  const at = failure?.field === "password" || failure?.code === "second_factor" ? failure.field : undefined;
  const missingWords = message("session.missing");
  const passwordProblem = at === "password" ? message("settings.passwordWrong") : undefined;
  const codeProblem = at === "totp" ? message(isFirst ? "session.missing" : "session.codeWrong") : undefined;
  return (
    <FormDialog
      {...dialog}
      open
      size="small"
      busy={prove.isPending}
      problem={failure === undefined || at !== undefined ? undefined : problemWords(failure, words)}
      onSubmit={submit}
      onClose={onClose}
    >
      {children}
      <input hidden readOnly autoComplete="username" value={account?.email ?? ""} />
      <Field
        label={message("settings.passwordCurrent")}
        name="password"
        type="password"
        autoComplete="current-password"
        error={missing?.password === true ? missingWords : passwordProblem}
      />
      {asksCode && <CodeField error={missing?.totp === true ? missingWords : codeProblem} />}
    </FormDialog>
  );
}
