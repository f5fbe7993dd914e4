import { Item, Items } from "../../design/card.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface ClearingsProps {
  readonly clearings: readonly {
    readonly device_id: string;
    readonly name: string;
    readonly asked_at: string;
    readonly done_at: string | null;
    readonly removed: number;
    readonly kept: number;
  }[];
}

/** Devices that were removed and are to remove their copies. */
export function Clearings({ clearings }: ClearingsProps) {
  const { message, ago } = useMessages();
  if (clearings.length === 0) return null;
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
    </Items>
  );
}
