import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { accountKey } from "../../data/account.ts";
import { secondFactorKey, secondFactorQuery } from "../../data/second-factor.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { showToast } from "../../design/toasts.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { ConfirmApp, type PreparedApp } from "./confirm-app.tsx";
import { OwnAddresses } from "./own-addresses.tsx";
import { Passkeys } from "./passkeys.tsx";
import { ProofDialog } from "../sign-in/proof-dialog.tsx";
import { RecoveryCodes } from "./recovery-codes.tsx";

type Step =
  | { readonly at: "prove"; readonly act: "app" | "codes" | "off" }
  | { readonly at: "confirm"; readonly app: PreparedApp }
  | { readonly at: "codes"; readonly codes: readonly string[] };

/** Warns below this number. */
const fewCodes = 3;

export function SecondFactor() {
  const { message, day } = useMessages();
  const { client } = useDrive();
  const [step, setStep] = useState<Step>();
  const prove = (act: "app" | "codes" | "off") => () => setStep({ at: "prove", act });
  const load = useQuery(secondFactorQuery(client));
  const hasApp = load.data?.app === true;
  const needsCode = hasApp && load.data?.passkeys === 0;
  return (
    <>
      <Card title={message("settings.factor")} about={message("settings.factorAbout")}>
        <Loaded load={load} rows={1}>
          {({ on, since, app = on, recovery_codes_left: left }) => (
            <div className="flex flex-col gap-3">
              {on && (
                <p className="flex flex-wrap items-center gap-2">
                  <Badge kind={left < fewCodes ? "bad" : "plain"}>
                    {message("settings.factorCodesLeft", { count: left })}
                  </Badge>
                  {message("settings.factorSince", { when: day(since ?? "") })}
                </p>
              )}
              <div className="flex flex-wrap gap-3">
                <Button onClick={prove("app")}>{message(app ? "settings.factorOther" : "settings.factorOn")}…</Button>
                {on && <Button onClick={prove("codes")}>{message("settings.factorNewCodes")}…</Button>}
                {on && <Button onClick={prove("off")}>{message("settings.factorOff")}…</Button>}
              </div>
            </div>
          )}
        </Loaded>
        <Steps step={step} hasApp={hasApp} needsCode={needsCode} onStep={setStep} />
      </Card>
      <Passkeys needsCode={needsCode} hasApp={hasApp} />
      <OwnAddresses needsCode={needsCode} />
    </>
  );
}

interface StepsProps {
  readonly step: Step | undefined;
  readonly hasApp: boolean;
  readonly needsCode: boolean;
  readonly onStep: (step: Step | undefined) => void;
}

function Steps({ step, hasApp, needsCode, onStep }: StepsProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  const close = () => onStep(undefined);
  const changed = () =>
    Promise.all([secondFactorKey, ["passkeys"], accountKey].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const showCodes = ({ recovery_codes: codes }: { readonly recovery_codes: readonly string[] }) => {
    onStep({ at: "codes", codes });
    return changed();
  };
  if (step?.at === "codes") return <RecoveryCodes codes={step.codes} onClose={close} />;
  if (step?.at === "confirm") return <ConfirmApp app={step.app} onConfirmed={showCodes} onClose={close} />;
  if (step?.at !== "prove") return null;
  const proof = { needsCode, onClose: close };
  if (step.act === "codes") {
    return (
      <ProofDialog
        {...proof}
        title={message("settings.factorNewCodes")}
        about={message("settings.factorNewCodesAbout")}
        act={message("settings.factorNewCodes")}
        send={async (body) => showCodes(await client.call("renewRecoveryCodes", { body, asksOnce: true }))}
      />
    );
  }
  if (step.act === "off") {
    return (
      <ProofDialog
        {...proof}
        isDanger
        title={message("settings.factorOff")}
        about={message("settings.factorOffAbout")}
        act={message("settings.factorOff")}
        send={async (body) => {
          await client.call("endSecondFactor", { body, asksOnce: true });
          close();
          showToast({ text: message("settings.factorIsOff") });
          await changed();
        }}
      />
    );
  }
  return (
    <ProofDialog
      {...proof}
      title={message(hasApp ? "settings.factorOther" : "settings.factorOn")}
      about={message("settings.factorProve")}
      act={message("settings.factorNext")}
      send={async (body) =>
        onStep({ at: "confirm", app: await client.call("prepareSecondFactor", { body, asksOnce: true }) })
      }
    />
  );
}
