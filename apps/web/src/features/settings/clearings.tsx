import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Item, Items } from "../../design/card.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { RemoveDevice } from "./remove-device.tsx";

interface SignedOut {
  readonly device_id: string;
  readonly name: string;
  readonly at: string;
}

interface ClearingsProps {
  readonly signedOut: readonly SignedOut[];
  readonly clearings: readonly {
    readonly device_id: string;
    readonly name: string;
    readonly asked_at: string;
    readonly done_at: string | null;
    readonly removed: number;
    readonly kept: number;
  }[];
}

/** Signed-out devices that were or can be asked to delete their copies. */
export function Clearings({ clearings, signedOut }: ClearingsProps) {
  const { message, ago } = useMessages();
  if (clearings.length + signedOut.length === 0) return null;
  return (
    <Items label={message("settings.clearings")}>
      {clearings.map(({ device_id: id, name, asked_at: asked, done_at: done, removed, kept }) => (
        <Item
          key={id}
          title={<bdi>{name}</bdi>}
          about={
            done === null
              ? message("settings.clearingAsked", { when: ago(asked) })
              : message("settings.clearingDone", { when: ago(done), removed, kept })
          }
        />
      ))}
      {signedOut.map((device) => (
        <SignedOutItem key={device.device_id} device={device} />
      ))}
    </Items>
  );
}

function SignedOutItem({ device: { device_id: id, name, at } }: { readonly device: SignedOut }) {
  const { message, ago } = useMessages();
  const [asks, setAsks] = useState(false);
  return (
    <Item
      title={<bdi>{name}</bdi>}
      about={message("settings.copiesStay", { when: ago(at) })}
      acts={
        <>
          <Button aria-label={message("settings.copiesOf", { name })} onClick={() => setAsks(true)}>
            {message("settings.copiesAct")}…
          </Button>
          {asks && <RemoveDevice device={{ id, name }} isSignedOut onClose={() => setAsks(false)} />}
        </>
      }
    />
  );
}
