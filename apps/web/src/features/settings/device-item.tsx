import { Badge, Item } from "../../design/card.tsx";
import { Button } from "../../design/button.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useRemoveDevice } from "./use-devices.ts";

interface DeviceItemProps {
  readonly device: {
    readonly id: string;
    readonly name: string;
    readonly created_at: string;
    readonly last_seen_at: string | null;
    readonly current: boolean;
    readonly browser: boolean;
  };
}

export function DeviceItem({ device }: DeviceItemProps) {
  const words = useMessages();
  const { message, ago } = words;
  const remove = useRemoveDevice();
  const { id, name, created_at: created, last_seen_at: seen, current, browser } = device;
  const end = () =>
    remove.mutate(id, {
      onSuccess: () => showToast({ text: message("settings.signedOut", { name }) }),
      onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    });
  return (
    <Item
      title={
        <>
          <bdi>{name}</bdi> {current && <Badge>{message("settings.thisBrowser")}</Badge>}
        </>
      }
      about={
        seen === null
          ? message("settings.neverSeen", { when: ago(created) })
          : message("settings.seen", { when: ago(seen) })
      }
      acts={
        !current && (
          <Button
            aria-label={message(browser ? "settings.signOutNamed" : "settings.removeNamed", { name })}
            busy={remove.isPending}
            onClick={end}
          >
            {message(browser ? "settings.signOutOne" : "settings.removeDevice")}
          </Button>
        )
      }
    />
  );
}
