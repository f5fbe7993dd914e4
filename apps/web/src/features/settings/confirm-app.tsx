import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { useMutation } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { CopyField } from "../../design/copy-field.tsx";
import { textOf } from "../../design/use-form.ts";
import { FormDialog } from "../../design/form-dialog.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { QrCode } from "../../design/qr-code.tsx";
import { CodeField } from "../sign-in/code-field.tsx";

export type PreparedApp = RouteAnswer<(typeof routes)["prepareSecondFactor"]>;
type Confirmed = RouteAnswer<(typeof routes)["confirmSecondFactor"]>;

/** A conflict means that the set-up has lapsed. */
function problemOf(failure: HoldfastError, words: ReturnType<typeof useMessages>): string {
  return failure.code === "conflict" ? words.message("settings.factorLapsed") : problemWords(failure, words);
}

interface ConfirmAppProps {
  readonly app: PreparedApp;
  readonly onConfirmed: (confirmed: Confirmed) => unknown;
  readonly onClose: () => void;
}

/** The second factor is active only after a correct code. */
export function ConfirmApp({ app, onConfirmed, onClose }: ConfirmAppProps) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const confirm = useMutation({
    mutationFn: (totp: string) => client.call("confirmSecondFactor", { body: { totp }, asksOnce: true }),
    onSuccess: onConfirmed,
  });
  const failure = confirm.error === null ? undefined : toHoldfastError(confirm.error);
  const isWrong = failure?.code === "second_factor";
  return (
    <FormDialog
      open
      title={message("settings.factorScan")}
      about={message("settings.factorScanAbout")}
      act={message("settings.factorConfirm")}
      busy={confirm.isPending}
      problem={failure === undefined || isWrong ? undefined : problemOf(failure, words)}
      onSubmit={(fields) => confirm.mutate(textOf(fields.get("totp")))}
      onClose={onClose}
    >
      <div className="flex flex-wrap gap-4">
        <QrCode text={app.uri} label={message("settings.factorQr")} />
        <div className="min-w-0 flex-1 basis-48">
          <CopyField label={message("settings.factorSecret")} text={app.secret.replaceAll(/(.{4})(?!$)/g, "$1 ")} />
        </div>
      </div>
      <CodeField of="app" error={isWrong ? message("settings.factorCodeWrong") : undefined} />
    </FormDialog>
  );
}
