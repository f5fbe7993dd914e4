import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { Button } from "../../design/button.tsx";
import { Card, Items } from "../../design/card.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { DeviceItem } from "./device-item.tsx";
import { OutsideIdentities } from "./outside-identities.tsx";
import { Password } from "./password.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { useDevices, useRemoveOtherDevices } from "../../data/use-devices.ts";

export function Security() {
  const { message } = useMessages();
  const load = useDevices();
  return (
    <>
      <Card title={message("settings.sessions")} about={message("settings.sessionsAbout")}>
        <Loaded load={load}>
          {({ items }) => (
            <Items label={message("settings.sessions")}>
              {items
                .filter(({ browser }) => browser)
                .map((device) => (
                  <DeviceItem key={device.id} device={device} />
                ))}
            </Items>
          )}
        </Loaded>
      </Card>
      <Everywhere />
      <OutsideIdentities />
      <SecondFactor />
      <Password />
    </>
  );
}

function Everywhere() {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const session = useSession();
  const [asks, setAsks] = useState(false);
  const others = useRemoveOtherDevices();
  const all = useMutation({
    // Removes the cookie too and informs the other tabs.
    mutationFn: () => session.signOut(() => client.call("deleteDevices")),
  });
  const endOthers = () =>
    others.mutate(undefined, {
      onSuccess: () => showToast({ text: message("settings.othersOut") }),
      onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    });
  return (
    <Card title={message("settings.everywhere")} about={message("settings.everywhereAbout")}>
      <div className="flex flex-wrap gap-3">
        <Button busy={others.isPending} onClick={endOthers}>
          {message("settings.signOutOthers")}
        </Button>
        <Button onClick={() => setAsks(true)}>{message("settings.signOutAll")}…</Button>
      </div>
      <FormDialog
        open={asks}
        title={message("settings.signOutAll")}
        about={message("settings.signOutAllAbout")}
        size="small"
        act={message("settings.signOutAll")}
        isDanger
        busy={all.isPending}
        problem={all.error === null ? undefined : problemWords(all.error, words)}
        onSubmit={() => all.mutate()}
        onClose={() => setAsks(false)}
      />
    </Card>
  );
}
