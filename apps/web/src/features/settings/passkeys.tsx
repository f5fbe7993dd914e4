import { useQuery, useQueryClient } from "@tanstack/react-query";
import KeyRound from "lucide-react/icons/key-round";
import { useState } from "react";
import { canUsePasskeys, makePasskey } from "../../data/passkeys.ts";
import { accountKey } from "../../data/account.ts";
import { secondFactorKey } from "../../data/second-factor.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Card, Item, Items } from "../../design/card.tsx";
import { Field } from "../../design/field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { showToast } from "../../design/toasts.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { PasskeyNameDialog } from "./passkey-name-dialog.tsx";
import { textOf } from "../../design/use-form.ts";
import { ProofDialog } from "../sign-in/proof-dialog.tsx";
import { RecoveryCodes } from "./recovery-codes.tsx";

interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly address: string;
}

type Step =
  | { readonly at: "add" }
  | { readonly at: "rename"; readonly passkey: Passkey }
  | { readonly at: "remove"; readonly passkey: Passkey }
  | { readonly at: "codes"; readonly codes: readonly string[] };

interface PasskeysProps {
  /** Authenticator app without a passkey: shows the code field from the start. */
  readonly needsCode: boolean;
  readonly hasApp: boolean;
}

export function Passkeys({ needsCode, hasApp }: PasskeysProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [step, setStep] = useState<Step>();
  const load = useQuery({ queryKey: ["passkeys"], queryFn: ({ signal }) => client.call("listPasskeys", { signal }) });
  const canAdd = canUsePasskeys();
  const items = load.data?.items ?? [];
  return (
    <Card
      title={message("factor.passkeys")}
      about={message(canAdd ? "factor.passkeysAbout" : "factor.passkeysNot")}
      acts={canAdd && <Button onClick={() => setStep({ at: "add" })}>{message("factor.passkeyAdd")}…</Button>}
    >
      <Loaded load={load} rows={1}>
        {() =>
          items.length === 0 ? (
            <Empty Icon={KeyRound} title={message("factor.passkeyNone")} />
          ) : (
            <Items label={message("factor.passkeys")}>
              {items.map((passkey) => (
                <PasskeyItem key={passkey.id} passkey={passkey} onStep={setStep} />
              ))}
            </Items>
          )
        }
      </Loaded>
      <Steps
        step={step}
        needsCode={needsCode}
        isLast={items.length === 1 && !hasApp}
        count={items.length}
        onStep={setStep}
      />
    </Card>
  );
}

function PasskeyItem({ passkey, onStep }: { readonly passkey: Passkey; readonly onStep: (step: Step) => void }) {
  const { message, ago } = useMessages();
  const { name, created_at: created, last_used_at: used, address } = passkey;
  const use =
    used === null
      ? message("factor.passkeyUnused", { when: ago(created) })
      : message("factor.passkeyUsed", { when: ago(used) });
  const elsewhere = address === location.hostname ? [] : [message("factor.passkeyFor", { address })];
  return (
    <Item
      title={<bdi>{name}</bdi>}
      about={[use, ...elsewhere].join(" · ")}
      acts={
        <>
          <Button
            aria-label={message("factor.passkeyRenameNamed", { name })}
            onClick={() => onStep({ at: "rename", passkey })}
          >
            {message("factor.passkeyRename")}
          </Button>
          <Button
            aria-label={message("factor.passkeyRemoveNamed", { name })}
            onClick={() => onStep({ at: "remove", passkey })}
          >
            {message("factor.passkeyRemove")}
          </Button>
        </>
      }
    />
  );
}

interface StepsProps extends Pick<PasskeysProps, "needsCode"> {
  readonly step: Step | undefined;
  readonly isLast: boolean;
  readonly count: number;
  readonly onStep: (step: Step | undefined) => void;
}

function Steps({ step, needsCode, isLast, count, onStep }: StepsProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  const close = () => onStep(undefined);
  const changed = () =>
    Promise.all([["passkeys"], secondFactorKey, accountKey].map((queryKey) => queries.invalidateQueries({ queryKey })));
  if (step?.at === "codes") return <RecoveryCodes codes={step.codes} onClose={close} />;
  if (step?.at === "rename") {
    return <PasskeyNameDialog id={step.passkey.id} name={step.passkey.name} onChanged={changed} onClose={close} />;
  }
  if (step?.at === "remove") {
    const { id, name } = step.passkey;
    return (
      <ProofDialog
        isDanger
        needsCode={needsCode}
        title={message("factor.passkeyRemoveNamed", { name })}
        about={message(isLast ? "factor.passkeyRemoveLast" : "factor.passkeyRemoveAbout")}
        act={message("factor.passkeyRemove")}
        send={async (body) => {
          await client.call("removePasskey", { params: { id }, body, asksOnce: true });
          close();
          await changed();
        }}
        onClose={close}
      />
    );
  }
  if (step?.at !== "add") return null;
  return (
    <ProofDialog
      needsCode={needsCode}
      title={message("factor.passkeyAdd")}
      about={message("settings.factorProve")}
      act={message("settings.factorNext")}
      send={async (proof, fields) => {
        const name = textOf(fields.get("name")).trim();
        const { webauthn } = await client.call("preparePasskey", { body: proof, asksOnce: true });
        const passkey = await makePasskey(webauthn);
        const body = { name: name === "" ? `Passkey ${count + 1}` : name, passkey };
        const added = await client.call("confirmPasskey", { body, asksOnce: true });
        onStep(added.recovery_codes === null ? undefined : { at: "codes", codes: added.recovery_codes });
        showToast({ text: message("factor.passkeyAdded", { name: added.passkey.name }) });
        await changed();
      }}
      onClose={close}
    >
      <Field
        label={message("factor.passkeyName")}
        hint={message("factor.passkeyNameHint")}
        name="name"
        maxLength={200}
        defaultValue={`Passkey ${count + 1}`}
      />
    </ProofDialog>
  );
}
