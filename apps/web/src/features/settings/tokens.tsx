import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import KeyRound from "lucide-react/icons/key-round";
import Plus from "lucide-react/icons/plus";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card, Item, Items } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty } from "../../design/notice.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { NewToken, scopeNames, type TokenJson } from "./new-token.tsx";

/** For scripts and programs that act as this account. */
export function Tokens() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [isMaking, setMaking] = useState(false);
  const load = useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => client.call("listTokens", { signal }) });
  const make = (
    <Button Icon={Plus} onClick={() => setMaking(true)}>
      {message("settings.newToken")}
    </Button>
  );
  return (
    <Card
      title={message("settings.tokensTitle")}
      about={message("settings.tokensAbout")}
      acts={load.data !== undefined && load.data.items.length > 0 ? make : undefined}
    >
      <Loaded load={load}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty Icon={KeyRound} title={message("settings.noTokens")} acts={make} />
          ) : (
            <Items label={message("settings.tokensTitle")}>
              {items.map((token) => (
                <TokenItem key={token.id} token={token} />
              ))}
            </Items>
          )
        }
      </Loaded>
      <NewToken open={isMaking} onClose={() => setMaking(false)} />
    </Card>
  );
}

function TokenItem({ token }: { readonly token: TokenJson }) {
  const words = useMessages();
  const { message, ago, day, list } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const { id, name, scopes, last_used_at: used, expires_at: ends } = token;
  const remove = useMutation({
    mutationFn: () => client.call("deleteToken", { params: { id } }),
    onSuccess: () => showToast({ text: message("settings.tokenRemoved", { name }) }),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  const hasEnded = ends !== null && Date.parse(ends) < Date.now();
  const end =
    ends === null ? [] : [message(hasEnded ? "settings.tokenEndedAt" : "settings.tokenEndsAt", { when: day(ends) })];
  const use = used === null ? message("settings.tokenUnused") : message("settings.tokenUsed", { when: ago(used) });
  return (
    <Item
      title={
        <>
          <bdi>{name}</bdi>{" "}
          <Badge kind={hasEnded ? "bad" : "plain"}>{list(scopes.map((scope) => message(scopeNames[scope])))}</Badge>
        </>
      }
      about={[use, ...end].join(" · ")}
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
