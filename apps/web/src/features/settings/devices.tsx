import MonitorSmartphone from "lucide-react/icons/monitor-smartphone";
import { useAccount } from "../../data/account.ts";
import { Card, Items } from "../../design/card.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { clientCommands } from "../../messages/client-commands.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { Clearings } from "./clearings.tsx";
import { DeviceItem } from "./device-item.tsx";
import { useDevices } from "../../data/use-devices.ts";

export function Devices() {
  const { message } = useMessages();
  const load = useDevices();
  return (
    <>
      <Card title={message("settings.clients")} about={message("settings.clientsAbout")}>
        <Loaded load={load}>
          {({ items, clearings, signed_out: signedOut }) => {
            const clients = items.filter(({ browser }) => !browser);
            return (
              <>
                {clients.length === 0 ? (
                  <Empty Icon={MonitorSmartphone} title={message("settings.noClients")} />
                ) : (
                  <Items label={message("settings.clients")}>
                    {clients.map((device) => (
                      <DeviceItem key={device.id} device={device} />
                    ))}
                  </Items>
                )}
                <Clearings clearings={clearings} signedOut={signedOut} />
              </>
            );
          }}
        </Loaded>
      </Card>
      <AddClient />
    </>
  );
}

function AddClient() {
  const { message } = useMessages();
  const { data: account } = useAccount();
  if (account === undefined) return null;
  return (
    <Card title={message("settings.addClient")} about={message("firstRun.installAbout")}>
      <CopyField label={message("firstRun.commands")} text={clientCommands(account, location.origin)} />
    </Card>
  );
}
