import { Badge, Item } from "../../design/card.tsx";
import { Button } from "../../design/button.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useRemoveDevice, useResumeDevice } from "./use-devices.ts";

interface DeviceItemProps {
  readonly device: {
    readonly id: string;
    readonly name: string;
    readonly created_at: string;
    readonly last_seen_at: string | null;
    readonly current: boolean;
    readonly browser: boolean;
    readonly suspended: { readonly rewritten: number; readonly deleted: number; readonly moment: string } | null;
  };
}

export function DeviceItem({ device }: DeviceItemProps) {
  const words = useMessages();
  const { message, ago } = words;
  const remove = useRemoveDevice();
  const resume = useResumeDevice();
  const { id, name, created_at: created, last_seen_at: seen, current, browser, suspended } = device;
  const end = () =>
    remove.mutate(id, {
      onSuccess: () => showToast({ text: message("settings.signedOut", { name }) }),
      onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    });
  const letGoOn = () =>
    resume.mutate(id, {
      onSuccess: () => showToast({ text: message("settings.resumed", { name }) }),
      onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    });
  const seenWords =
    seen === null
      ? message("settings.neverSeen", { when: ago(created) })
      : message("settings.seen", { when: ago(seen) });
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
              onClick={end}
            >
              {message(browser ? "settings.signOutOne" : "settings.removeDevice")}
            </Button>
          </>
        )
      }
    />
  );
}
