import { useQuery, useQueryClient } from "@tanstack/react-query";
import AppWindow from "lucide-react/icons/app-window";
import Plus from "lucide-react/icons/plus";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card, Item, Items } from "../../design/card.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { NewOauthClient } from "./new-oauth-client.tsx";
import { askedNames, type OauthClientJson, oauthClientsKey } from "./oauth-clients-list.ts";
import { useAct } from "./use-act.ts";

export function OauthClients() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [asked, setAsked] = useState<OauthClientJson | "new">();
  const load = useQuery({
    queryKey: oauthClientsKey,
    queryFn: ({ signal }) => client.call("adminListOauthClients", { signal }),
  });
  const close = () => setAsked(undefined);
  return (
    <Card
      title={message("admin.programs")}
      isTitleHidden
      about={message("clients.about")}
      acts={
        <Button Icon={Plus} onClick={() => setAsked("new")}>
          {message("clients.new")}
        </Button>
      }
    >
      <Loaded load={load}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty Icon={AppWindow} title={message("clients.none")}>
              {message("clients.noneNext")}
            </Empty>
          ) : (
            <Items label={message("admin.programs")}>
              {items.map((program) => (
                <ProgramItem key={program.id} program={program} onRemove={() => setAsked(program)} />
              ))}
            </Items>
          )
        }
      </Loaded>
      {asked === "new" && <NewOauthClient onClose={close} />}
      {asked !== undefined && asked !== "new" && <RemoveProgram program={asked} onClose={close} />}
    </Card>
  );
}

interface ProgramItemProps {
  readonly program: OauthClientJson;
  readonly onRemove: () => void;
}

function ProgramItem({ program, onRemove }: ProgramItemProps) {
  const { message, list } = useMessages();
  const { id, name, scopes, redirect_uris: back, post_logout_redirect_uris: out } = program;
  const asks = list(scopes.map((scope) => message(askedNames[scope])));
  const about = [
    scopes.length === 0 ? message("clients.mayAskNothing") : message("clients.mayAsk", { scopes: asks }),
    ...(back.length === 0 ? [] : [message("clients.returnsTo", { addresses: list(back) })]),
    ...(out.length === 0 ? [] : [message("clients.outTo", { addresses: list(out) })]),
  ];
  return (
    <Item
      title={
        <span className="flex flex-wrap items-center gap-2">
          <bdi>{name}</bdi>
          {program.public && <Badge>{message("clients.isPublic")}</Badge>}
        </span>
      }
      about={
        <>
          {about.map((text) => (
            <p key={text}>{text}</p>
          ))}
          <p>
            {message("clients.id")}: <span className="font-mono text-sm">{id}</span>
          </p>
        </>
      }
      acts={
        <Button aria-label={message("clients.removeNamed", { name })} onClick={onRemove}>
          {message("clients.remove")}
        </Button>
      }
    />
  );
}

function RemoveProgram({ program, onClose }: { readonly program: OauthClientJson; readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  const { id, name } = program;
  const remove = useAct(
    oauthClientsKey,
    async () => {
      await client.call("adminRemoveOauthClient", { params: { id } });
      // The administrator may have authorized the program too.
      await queries.invalidateQueries({ queryKey: ["programs"] });
    },
    message("clients.removed", { name }),
  );
  return (
    <FormDialog
      open
      size="small"
      title={message("clients.removeTitle", { name })}
      about={message("clients.removeAbout")}
      act={message("clients.remove")}
      isDanger
      busy={remove.isPending}
      onSubmit={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
