import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Card, Item, Items } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useSignInWays } from "../sign-in/use-sign-in-ways.ts";
import { ProofDialog } from "../sign-in/proof-dialog.tsx";

/** Hidden if there are none and the server supports none. */
export function OutsideIdentities() {
  const { message, ago } = useMessages();
  const { client } = useDrive();
  const { outside } = useSignInWays();
  const [step, setStep] = useState<"link" | { readonly remove: string }>();
  const load = useQuery({
    queryKey: ["outside-identities"],
    queryFn: ({ signal }) => client.call("listOutsideIdentities", { signal }),
  });
  const items = load.data?.items ?? [];
  if (outside === null && items.length === 0) return null;
  return (
    <Card
      title={message("outside.title")}
      about={message("outside.about")}
      acts={outside !== null && <Button onClick={() => setStep("link")}>{message("outside.link", outside)}…</Button>}
    >
      <Loaded load={load} rows={1}>
        {() => (
          <Items label={message("outside.title")}>
            {items.map(({ id, issuer, email, created_at: created, last_used_at: used }) => (
              <Item
                key={id}
                title={<bdi>{email ?? issuer}</bdi>}
                about={[
                  new URL(issuer).host,
                  used === null
                    ? message("outside.linked", { when: ago(created) })
                    : message("outside.used", { when: ago(used) }),
                ].join(" · ")}
                acts={
                  <Button
                    aria-label={message("outside.unlinkNamed", { name: email ?? issuer })}
                    onClick={() => setStep({ remove: id })}
                  >
                    {message("outside.unlink")}
                  </Button>
                }
              />
            ))}
          </Items>
        )}
      </Loaded>
      {step !== undefined && <Prove step={step} onClose={() => setStep(undefined)} />}
    </Card>
  );
}

interface ProveProps {
  readonly step: "link" | { readonly remove: string };
  readonly onClose: () => void;
}

function Prove({ step, onClose }: ProveProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  if (step === "link")
    return (
      <ProofDialog
        needsCode={false}
        title={message("outside.linkTitle")}
        about={message("outside.linkAbout")}
        act={message("settings.factorNext")}
        send={async (body) => location.assign((await client.call("beginOutsideLink", { body, asksOnce: true })).url)}
        onClose={onClose}
      />
    );
  return (
    <ProofDialog
      isDanger
      needsCode={false}
      title={message("outside.unlinkTitle")}
      about={message("outside.unlinkAbout")}
      act={message("outside.unlink")}
      send={async (body) => {
        await client.call("removeOutsideIdentity", { params: { id: step.remove }, body, asksOnce: true });
        onClose();
        await queries.invalidateQueries({ queryKey: ["outside-identities"] });
      }}
      onClose={onClose}
    />
  );
}
