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
import { NewAppPassword } from "./new-app-password.tsx";
import { Programs } from "./programs.tsx";
import { NewToken, scopeNames, type TokenJson } from "./new-token.tsx";

/** Credentials for scripts, and for programs that support only name and password. */
export function Tokens() {
  return (
    <>
      <TokenCard kind="token" />
      <TokenCard kind="app_password" />
      <Programs />
    </>
  );
}

const cardWords = {
  token: {
    title: "settings.tokensTitle",
    about: "settings.tokensAbout",
    none: "settings.noTokens",
    make: "settings.newToken",
  },
  app_password: {
    title: "settings.appsTitle",
    about: "settings.appsAbout",
    none: "settings.noApps",
    make: "settings.newApp",
  },
} as const;

function TokenCard({ kind }: { readonly kind: TokenJson["kind"] }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [isMaking, setMaking] = useState(false);
  const { title, about, none, make: newOne } = cardWords[kind];
  const load = useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => client.call("listTokens", { signal }) });
  const make = (
    <Button Icon={Plus} onClick={() => setMaking(true)}>
      {message(newOne)}
    </Button>
  );
  return (
    <Card
      title={message(title)}
      about={message(about)}
      acts={load.data?.items.some((token) => token.kind === kind) === true ? make : undefined}
    >
      <Loaded load={load}>
        {({ items }) =>
          items.some((token) => token.kind === kind) ? (
            <Items label={message(title)}>
              {items
                .filter((token) => token.kind === kind)
                .map((token) => (
                  <TokenItem key={token.id} token={token} />
                ))}
            </Items>
          ) : (
            <Empty Icon={KeyRound} title={message(none)} acts={make} />
          )
        }
      </Loaded>
      {kind === "token" ? (
        <NewToken open={isMaking} onClose={() => setMaking(false)} />
      ) : (
        isMaking && <NewAppPassword onClose={() => setMaking(false)} />
      )}
    </Card>
  );
}

function TokenItem({ token }: { readonly token: TokenJson }) {
  const words = useMessages();
  const { message, ago, day, list } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const { id, name, scopes, last_used_at: used, expires_at: ends, permission_id: permission } = token;
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
          <Badge kind={hasEnded ? "bad" : "plain"}>{list(scopes.map((scope) => message(scopeNames[scope])))}</Badge>{" "}
          {permission !== null && <Badge>{message("settings.appOneFolder")}</Badge>}
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
