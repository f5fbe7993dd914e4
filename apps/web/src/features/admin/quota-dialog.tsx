import { exactBytes, parseBytes } from "@holdfast/core/format-bytes";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Choices } from "../../design/choice.tsx";
import { Field, SelectField } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { planWords, plansQuery } from "./plans.tsx";
import { useAct } from "./use-act.ts";
import { type UserJson, usersKey } from "./users-list.ts";

export function QuotaDialog({ user, onClose }: { readonly user: UserJson; readonly onClose: () => void }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const plans = useQuery(plansQuery(client));
  const [plan, setPlan] = useState(user.plan);
  const [kind, setKind] = useState(kindOf(user));
  const [amount, setAmount] = useState(user.quota_bytes === null ? "" : exactBytes(user.quota_bytes));
  const [isTried, setTried] = useState(false);
  const change = useAct(
    usersKey,
    (quota: number | "plan" | null) =>
      client.call("adminUpdateUser", { params: { id: user.id }, body: { plan, quota_bytes: quota } }),
    message("settings.saved"),
  );
  const bytes = parseAmount(amount);
  const isBad = kind === "own" && bytes === undefined;
  const send = () => {
    setTried(true);
    if (isBad) return;
    change.mutate({ plan: "plan" as const, none: null, own: bytes ?? null }[kind], { onSuccess: onClose });
  };
  return (
    <FormDialog
      open
      size="small"
      title={message("admin.setQuota")}
      about={<bdi>{user.name}</bdi>}
      act={message("design.save")}
      busy={change.isPending}
      onSubmit={send}
      onClose={onClose}
    >
      <Loaded load={plans}>
        {({ items }) => (
          <SelectField
            label={message("settings.plan")}
            value={plan}
            onChoose={setPlan}
            choices={items.map((each) => ({ value: each.name, label: planWords(each, words) }))}
          />
        )}
      </Loaded>
      <QuotaChoice
        kind={kind}
        amount={amount}
        error={isTried && isBad ? message("admin.noNumber") : undefined}
        onKind={setKind}
        onAmount={setAmount}
      />
    </FormDialog>
  );
}

/** The default unit is GiB. */
function parseAmount(amount: string): number | undefined {
  const text = amount.trim().replace(",", ".");
  return parseBytes(/[a-z]$/i.test(text) ? text : `${text} GiB`);
}

function kindOf(user: UserJson): "plan" | "own" | "none" {
  if (!user.quota_fixed) return "plan";
  return user.quota_bytes === null ? "none" : "own";
}

type Kind = ReturnType<typeof kindOf>;

interface QuotaChoiceProps {
  readonly kind: Kind;
  readonly amount: string;
  readonly error: string | undefined;
  readonly onKind: (kind: Kind) => void;
  readonly onAmount: (amount: string) => void;
}

function QuotaChoice({ kind, amount, error, onKind, onAmount }: QuotaChoiceProps) {
  const { message } = useMessages();
  return (
    <>
      <Choices
        label={message("admin.quota")}
        value={kind}
        onChoose={onKind}
        choices={[
          { value: "plan", label: message("admin.quotaPlan") },
          { value: "own", label: message("admin.quotaOwn") },
          { value: "none", label: message("admin.unlimited") },
        ]}
      />
      {kind === "own" && (
        <Field
          label={message("admin.quotaSize")}
          value={amount}
          error={error}
          onChange={(event) => onAmount(event.target.value)}
        />
      )}
    </>
  );
}
