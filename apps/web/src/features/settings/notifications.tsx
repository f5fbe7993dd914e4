import type { Language, NotifyChange, NotificationKind } from "@holdfast/protocol/account-settings";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { accountQuery, useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Card } from "../../design/card.tsx";
import { SelectField } from "../../design/field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { showToast } from "../../design/toasts.ts";
import { announcer } from "../../design/live-regions.tsx";
import { languageNames } from "../../messages/languages.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

const kinds = {
  share: "settings.notifyShare",
  comment: "settings.notifyComment",
  mention: "settings.notifyMention",
  watch: "settings.notifyWatch",
  quota: "settings.notifyQuota",
  device: "settings.notifyDevice",
  report: "settings.notifyReport",
  server: "settings.notifyServer",
} as const satisfies Record<NotificationKind, string>;
/** Reports of links and problems of the server. */
const ofAdministrators: ReadonlySet<NotificationKind> = new Set(["report", "server"]);
const ways = { off: "settings.notifyOff", app: "settings.notifyApp", mail: "settings.notifyMail" } as const;
const digests = {
  at_once: "settings.digestNow",
  daily: "settings.digestDaily",
  never: "settings.digestNever",
} as const;

/** Each choice applies immediately. */
export function Notifications() {
  const { message } = useMessages();
  const load = useAccount();
  const change = useChange();
  const choices = <Value extends string>(names: Readonly<Record<Value, Parameters<typeof message>[0]>>) =>
    (Object.keys(names) as Value[]).map((value) => ({ value, label: plain(message, names[value]) }));
  return (
    <Loaded load={load}>
      {({ notify, language, admin }) => (
        <>
          <Card title={message("settings.notify")}>
            <div className="grid gap-4 sm:grid-cols-2">
              {(Object.keys(kinds) as NotificationKind[])
                .filter((kind) => admin || !ofAdministrators.has(kind))
                .map((kind) => (
                  <SelectField
                    key={kind}
                    label={message(kinds[kind])}
                    value={notify[kind]}
                    choices={choices(ways)}
                    onChoose={(way) => change({ notify: { [kind]: way } })}
                  />
                ))}
            </div>
          </Card>
          <Card title={message("settings.mails")}>
            <div className="grid gap-4 sm:grid-cols-2">
              <SelectField
                label={message("settings.digest")}
                value={notify.digest}
                choices={choices(digests)}
                onChoose={(digest) => change({ notify: { digest } })}
              />
              <SelectField
                label={message("settings.mailLanguage")}
                value={language}
                choices={(Object.keys(languageNames) as Language[]).map((value) => ({
                  value,
                  label: languageNames[value],
                }))}
                onChoose={(chosen) => change({ language: chosen })}
              />
            </div>
          </Card>
        </>
      )}
    </Loaded>
  );
}

type Message = ReturnType<typeof useMessages>["message"];

function plain(message: Message, key: Parameters<Message>[0]): string {
  return (message as (key: string) => string)(key);
}

interface Change {
  readonly notify?: NotifyChange;
  readonly language?: Language;
}

/** Optimistic; reverts on failure. */
function useChange(): (change: Change) => void {
  const words = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  const { queryKey } = accountQuery({ client });
  const { mutate } = useMutation({
    // Requests run in sequence, because the answer of an earlier one shows older choices.
    scope: { id: "account" },
    mutationFn: (body: Change) => client.call("updateAccount", { body }),
    onMutate: async (change) => {
      await queries.cancelQueries({ queryKey });
      const before = queries.getQueryData(queryKey);
      if (before !== undefined)
        queries.setQueryData(queryKey, {
          ...before,
          ...change,
          notify: { ...before.notify, ...change.notify } as typeof before.notify,
        });
      return before;
    },
    onSuccess: (account) => {
      queries.setQueryData(queryKey, account);
      announcer.say(words.message("settings.saved"), "saved");
    },
    onError: (thrown, _change, before) => {
      queries.setQueryData(queryKey, before);
      showToast({ text: problemWords(thrown, words), kind: "error" });
    },
  });
  return mutate;
}
