import MonitorSmartphone from "lucide-react/icons/monitor-smartphone";
import { useAccount } from "../../data/account.ts";
import { Card, Items } from "../../design/card.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { clientCommands } from "../../messages/client-commands.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { DeviceItem } from "./device-item.tsx";
import { useDevices } from "./use-devices.ts";

/** What keeps folders equal with the drive. */
export function Devices() {
  const { message } = useMessages();
  const load = useDevices();
  const { data: account } = useAccount();
  return (
    <Card title={message("settings.clients")} about={message("settings.clientsAbout")}>
      <Loaded load={load}>
        {({ items }) => {
          const clients = items.filter(({ browser }) => !browser);
          if (clients.length > 0) {
            return (
              <Items label={message("settings.clients")}>
                {clients.map((device) => (
                  <DeviceItem key={device.id} device={device} />
                ))}
              </Items>
            );
          }
          return (
            <>
              <Empty Icon={MonitorSmartphone} title={message("settings.noClients")}>
                {message("settings.noClientsAbout")}
              </Empty>
              {account !== undefined && (
                <CopyField label={message("firstRun.commands")} text={clientCommands(location.origin, account.email)} />
              )}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
