import { useQuery } from "@tanstack/react-query";
import MailX from "lucide-react/icons/mail-x";
import { useDrive } from "../../data/use-drive.ts";
import { Card, Item, Items } from "../../design/card.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";

/** Links that were not sent because e-mail is not configured. */
export function UnsentLinks() {
  const { message, ago } = useMessages();
  const { client } = useDrive();
  const load = useQuery({
    queryKey: ["admin-unsent-links"],
    queryFn: ({ signal }) => client.call("unsentLinks", { signal }),
  });
  return (
    <Card title={message("admin.unsent")} about={message("admin.unsentAbout")}>
      <Loaded load={load}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty Icon={MailX} title={message("admin.noUnsent")} />
          ) : (
            <Items label={message("admin.unsent")}>
              {items.map(({ id, to, at, url }) => (
                <Item
                  key={id}
                  title={<bdi>{to}</bdi>}
                  about={
                    <>
                      <p className="mb-2">{ago(at)}</p>
                      <CopyField label={message("admin.link")} text={url} />
                    </>
                  }
                />
              ))}
            </Items>
          )
        }
      </Loaded>
    </Card>
  );
}
