import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Badge, Item } from "../../design/card.tsx";
import { Button, buttonLook } from "../../design/button.tsx";
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

const uses = { sync: "settings.usesSync", command: "settings.usesCommand", browser: undefined } as const;

interface DeviceItemProps {
  readonly device: {
    readonly id: string;
    readonly name: string;
    readonly created_at: string;
    readonly last_seen_at: string | null;
    readonly current: boolean;
    readonly browser: boolean;
    readonly kind: keyof typeof uses | null;
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
  const { id, name, created_at: created, last_seen_at: seen, current, browser, suspended } = device;
  const end = () =>
    remove.mutate(
      { id },
      {
        onSuccess: () => showToast({ text: message("settings.signedOut", { name }) }),
        onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
      },
    );
  const use = device.kind === null ? undefined : uses[device.kind];
  const country =
    device.country === null ? undefined : new Intl.DisplayNames(locale, { type: "region" }).of(device.country);
  const how = device.signed_in_by === null ? undefined : message(signedInBy[device.signed_in_by]);
  const lines = [
    // A browser's name already contains its system.
    browser ? [] : [use === undefined ? undefined : message(use), device.system],
    [seen === null ? undefined : message("settings.seen", { when: ago(seen) }), device.address, country],
    [[message("settings.neverSeen", { when: ago(created) }), how].filter((each) => each !== undefined).join(", ")],
  ].map((facts) => facts.filter((each) => each != null).join(" · "));
  return (
    <Item
      title={
        <>
          <bdi>{name}</bdi> {current && <Badge>{message("settings.thisBrowser")}</Badge>}
        </>
      }
      about={
        <>
          {suspended !== null && (
            <p className="text-text">{message("settings.stopped", { ...suspended, moment: ago(suspended.moment) })}</p>
          )}
          {lines.map((line) => line !== "" && <p key={line}>{line}</p>)}
        </>
      }
      acts={
        !current && (
          <>
            {suspended !== null && <StoppedActs device={device} moment={suspended.moment} />}
            <Button
              aria-label={message("settings.signOutNamed", { name })}
              busy={remove.isPending}
              onClick={browser ? end : () => setAsks(true)}
            >
              {message("settings.signOutOne")}
              {!browser && "…"}
            </Button>
            {asks && <RemoveDevice device={device} onClose={() => setAsks(false)} />}
          </>
        )
      }
    />
  );
}

interface StoppedActsProps {
  readonly device: { readonly id: string; readonly name: string };
  /** Before its mass changes, RFC 3339. */
  readonly moment: string;
}

function StoppedActs({ device: { id, name }, moment }: StoppedActsProps) {
  const words = useMessages();
  const { message } = words;
  const resume = useResumeDevice();
  const allow = () =>
    resume.mutate(id, {
      onSuccess: () => showToast({ text: message("settings.resumed", { name }) }),
      onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    });
  return (
    <>
      <Link to="/rewind/$id" params={{ id: "root" }} search={{ to: moment }} className={buttonLook("secondary")}>
        {message("settings.rewind")}
      </Link>
      <Button aria-label={message("settings.resumeNamed", { name })} busy={resume.isPending} onClick={allow}>
        {message("settings.resume")}
      </Button>
    </>
  );
}
