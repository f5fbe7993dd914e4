import { HoldfastError } from "@holdfast/core/errors";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { accountKey } from "../../data/account.ts";
import { useNeedsCode } from "../../data/second-factor.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { textOf } from "../../design/use-form.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { ProofDialog } from "../sign-in/proof-dialog.tsx";

/** Takes effect when the link sent to the new address is followed. */
export function AddressDialog({ onClose }: { readonly onClose: () => void }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const [problem, setProblem] = useState<string>();
  const needsCode = useNeedsCode();
  return (
    <ProofDialog
      title={message("settings.changeEmail")}
      about={message("settings.changeEmailAbout")}
      act={message("settings.changeEmailAct")}
      needsCode={needsCode}
      send={async (proof, fields) => {
        setProblem(undefined);
        const email = textOf(fields.get("email")).trim();
        if (email === "") return setProblem(message("session.emailMissing"));
        try {
          const account = await client.call("changeAddress", { body: { email, ...proof }, asksOnce: true });
          queries.setQueryData(accountKey, account);
        } catch (thrown) {
          if (!(thrown instanceof HoldfastError) || thrown.field !== "email") throw thrown;
          return setProblem(problemWords(thrown, words));
        }
        onClose();
      }}
      onClose={onClose}
    >
      <Field label={message("settings.newEmail")} name="email" type="email" autoComplete="email" error={problem} />
    </ProofDialog>
  );
}
