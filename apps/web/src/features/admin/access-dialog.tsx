import { toHoldfastError } from "@holdfast/core/errors";
import type { AccessRuleJson } from "@holdfast/protocol/access-rule-routes";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Checkbox } from "../../design/choice.tsx";
import { Field, TextField } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { accessKey } from "./access-key.ts";
import { linesOf, ownAddressesQuery, useAddressWords } from "../settings/address-words.ts";

/** Empty: the whole server. */
export interface RuleSubject {
  readonly group_id?: string;
  readonly user?: string;
}

interface AccessDialogProps {
  readonly rule: Pick<AccessRuleJson, "of" | "id" | "name" | "second_factor_due_at" | "addresses">;
  readonly onClose: () => void;
}

export function AccessDialog({ rule, onClose }: AccessDialogProps) {
  const { message } = useMessages();
  const id = rule.id ?? undefined;
  const subject = { ...(rule.of === "group" ? { group_id: id } : {}), ...(rule.of === "user" ? { user: id } : {}) };
  return (
    <RuleForm
      title={rule.name ?? message("access.server")}
      before={rule}
      subject={() => subject as RuleSubject}
      onClose={onClose}
    />
  );
}

interface RuleFormProps {
  readonly title: string;
  readonly before: Pick<AccessRuleJson, "second_factor_due_at" | "addresses">;
  /** @returns undefined until chosen */
  readonly subject: () => RuleSubject | undefined;
  /** @param problem fault of the chosen subject */
  readonly children?: (problem: string | undefined) => ReactNode;
  readonly onClose: () => void;
}

interface Written {
  readonly asksFactor: boolean;
  /** Grace period. Used only when the second factor becomes required. */
  readonly days: string;
  readonly networks: string;
}

export function RuleForm({ title, before, subject, children, onClose }: RuleFormProps) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const here = useQuery(ownAddressesQuery(client));
  const addressWords = useAddressWords();
  const due = before.second_factor_due_at;
  const [written, setWritten] = useState<Written>({
    asksFactor: due !== null,
    days: "14",
    networks: before.addresses.join("\n"),
  });
  const [isTried, setTried] = useState(false);
  const save = useSaveRule(before, onClose);
  const areDaysBad = written.asksFactor && due === null && !isWholeNumber(written.days);
  const submit = () => {
    setTried(true);
    const of = subject();
    if (of !== undefined && !areDaysBad) save.mutate({ of, written });
  };
  const failure = save.error === null ? undefined : toHoldfastError(save.error);
  const isOfSubject = failure?.code === "not_found" || failure?.field === "user" || failure?.field === "group_id";
  const isOfAddresses = failure?.field === "addresses";
  const missing = isTried && subject() === undefined ? message("session.missing") : undefined;
  return (
    <FormDialog
      open
      title={title}
      act={message("design.save")}
      busy={save.isPending}
      problem={failure === undefined || isOfSubject || isOfAddresses ? undefined : problemWords(failure, words)}
      onSubmit={submit}
      onClose={onClose}
    >
      {children?.(missing ?? (isOfSubject ? message("access.nobody") : undefined))}
      <FactorFields
        due={due}
        written={written}
        error={isTried && areDaysBad ? message("access.daysBad", { max: daysMax }) : undefined}
        onWrite={setWritten}
      />
      <TextField
        label={message("access.networks")}
        hint={message("access.networksHint", { address: here.data?.address ?? "…" })}
        value={written.networks}
        spellCheck={false}
        autoCapitalize="none"
        error={isOfAddresses && failure !== undefined ? addressWords(failure) : undefined}
        onChange={(event) => setWritten({ ...written, networks: event.target.value })}
      />
    </FormDialog>
  );
}

/** Sends only changes, so an existing due date is kept. */
function useSaveRule(before: RuleFormProps["before"], onSaved: () => void) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ of, written }: { readonly of: RuleSubject; readonly written: Written }) => {
      const { asksFactor: required, days } = written;
      const isAskedAnew = required !== (before.second_factor_due_at !== null);
      const factor = { required, ...(required ? { grace_seconds: Number(days) * secondsOfDay } : {}) };
      const addresses = linesOf(written.networks);
      const isMoved = addresses.join(" ") !== before.addresses.join(" ");
      const body = { ...of, ...(isAskedAnew ? { second_factor: factor } : {}), ...(isMoved ? { addresses } : {}) };
      return client.call("adminChangeAccessRule", { body });
    },
    onSuccess: () => {
      showToast({ text: message("settings.saved") });
      onSaved();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: accessKey }),
  });
}

interface FactorFieldsProps {
  /** Past or future; null: not required. */
  readonly due: string | null;
  readonly written: Written;
  readonly error: string | undefined;
  readonly onWrite: (written: Written) => void;
}

function FactorFields({ due, written, error, onWrite }: FactorFieldsProps) {
  const { message, dateTime } = useMessages();
  const { asksFactor, days } = written;
  return (
    <>
      <Checkbox
        label={message("access.factor")}
        hint={due === null ? message("access.factorHint") : message("access.factorSince", { when: dateTime(due) })}
        checked={asksFactor}
        onChange={(checked) => onWrite({ ...written, asksFactor: checked })}
      />
      {asksFactor && due === null && (
        <Field
          label={message("access.days")}
          hint={message("access.daysHint")}
          inputMode="numeric"
          value={days}
          error={error}
          onChange={(event) => onWrite({ ...written, days: event.target.value })}
        />
      )}
    </>
  );
}

const daysMax = 365;
const secondsOfDay = 86_400;

function isWholeNumber(text: string): boolean {
  return /^\d{1,3}$/.test(text.trim()) && Number(text) <= daysMax;
}
