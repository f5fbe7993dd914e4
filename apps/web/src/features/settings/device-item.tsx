import { useState } from "react";
import { Badge, Item } from "../../design/card.tsx";
import { Button } from "../../design/button.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { RemoveDevice } from "./remove-device.tsx";
import { useRemoveDevice, useResumeDevice } from "../../data/use-devices.ts";

const signedInBy = {
  password: "settings.byPassword",
  password_app: "settings.byApp",
  password_passkey: "settings.byPasswordAndPasskey",
  password_recovery_code: "settings.byRecoveryCode",
  passkey: "settings.byPasskey",
  outside: "settings.byOutside",
  browser: "settings.byDeviceLogin",
} as const;
type SignInKind = keyof typeof signedInBy;

interface DeviceItemProps {
  readonly device: {
    readonly id: string;
    readonly name: string;
    readonly created_at: string;
    readonly last_seen_at: string | null;
    readonly current: boolean;
    readonly browser: boolean;
    readonly system: string | null;
    readonly address: string | null;
    readonly country: string | null;
    readonly signed_in_by: SignInKind | null;
    readonly suspended: { readonly rewritten: number; readonly deleted: number; readonly moment: string } | null;
  };
}

export function DeviceItem({ device }: DeviceItemProps) {
  const words = useMessages();
  const { message, ago, locale } = words;
  const [asks, setAsks] = useState(false);
  const remove = useRemoveDevice();
  const resume = useResumeDevice();
  const { id, name, created_at: created, last_seen_at: seen, current, browser, suspended } = device;
  const end = () =>
    remove.mutate(
      { id },
      {
        onSuccess: () => showToast({ text: message("settings.signedOut", { name }) }),
        onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
      },
    );
  const letGoOn = () =>
    resume.mutate(id, {
      onSuccess: () => showToast({ text: message("settings.resumed", { name }) }),
      onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    });
  const seenWords = [
    ...(seen === null ? [] : [message("settings.seen", { when: ago(seen) })]),
    message("settings.neverSeen", { when: ago(created) }),
    ...(device.signed_in_by === null ? [] : [message(signedInBy[device.signed_in_by])]),
    ...[device.system, device.address].filter((each) => each !== null),
    ...(device.country === null ? [] : [new Intl.DisplayNames(locale, { type: "region" }).of(device.country)]),
  ].join(" · ");
  return (
    <Item
      title={
        <>
          <bdi>{name}</bdi> {current && <Badge>{message("settings.thisBrowser")}</Badge>}
        </>
      }
      about={
        suspended === null ? seenWords : message("settings.stopped", { ...suspended, moment: ago(suspended.moment) })
      }
      acts={
        !current && (
          <>
            {suspended !== null && (
              <Button aria-label={message("settings.resumeNamed", { name })} busy={resume.isPending} onClick={letGoOn}>
                {message("settings.resume")}
              </Button>
            )}
            <Button
              aria-label={message(browser ? "settings.signOutNamed" : "settings.removeNamed", { name })}
              busy={remove.isPending}
              onClick={browser ? end : () => setAsks(true)}
            >
              {message(browser ? "settings.signOutOne" : "settings.removeDevice")}
            </Button>
            {asks && <RemoveDevice device={device} onClose={() => setAsks(false)} />}
          </>
        )
      }
    />
  );
}
