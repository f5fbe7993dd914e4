import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import AppWindow from "lucide-react/icons/app-window";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card, Item, Items } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { scopeNames } from "./new-token.tsx";

type Program = RouteAnswer<(typeof routes)["listAuthorizedPrograms"]>["items"][number];

export function Programs() {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = useQuery({
    queryKey: ["programs"],
    queryFn: ({ signal }) => client.call("listAuthorizedPrograms", { signal }),
  });
  const title = message("settings.programsTitle");
  return (
    <Card title={title} about={message("settings.programsAbout")}>
      <Loaded load={load}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty Icon={AppWindow} title={message("settings.noPrograms")} />
          ) : (
            <Items label={title}>
              {items.map((program) => (
                <ProgramItem key={program.id} program={program} />
              ))}
            </Items>
          )
        }
      </Loaded>
    </Card>
  );
}

function ProgramItem({ program }: { readonly program: Program }) {
  const words = useMessages();
  const { message, ago, day, list } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const { id, name, scopes, last_used_at: used, expires_at: ends } = program;
  const remove = useMutation({
    mutationFn: () => client.call("removeAuthorizedProgram", { params: { id } }),
    onSuccess: () => showToast({ text: message("settings.programRemoved", { name }) }),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["programs"] }),
  });
  const use = used === null ? message("settings.tokenUnused") : message("settings.tokenUsed", { when: ago(used) });
  return (
    <Item
      title={
        <>
          <bdi>{name}</bdi>{" "}
          {scopes.length > 0 && <Badge>{list(scopes.map((scope) => message(scopeNames[scope])))}</Badge>}
        </>
      }
      about={[use, message("settings.tokenEndsAt", { when: day(ends) })].join(" · ")}
      acts={
        <Button
          aria-label={message("settings.removeNamed", { name })}
          busy={remove.isPending}
          onClick={() => remove.mutate()}
        >
          {message("settings.removeToken")}
        </Button>
      }
    />
  );
}
