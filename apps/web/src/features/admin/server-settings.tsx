import type { SettingJson } from "@holdfast/protocol/admin-routes";
import { useQuery } from "@tanstack/react-query";
import Search from "lucide-react/icons/search";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Badge, Card, Item, Items } from "../../design/card.tsx";
import { Switch } from "../../design/choice.tsx";
import { Field } from "../../design/field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Empty, Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { findSettings, settingWords } from "./find-settings.ts";
import { valueWords } from "./setting-value.ts";

/** Settings are changed at their source, not here. */
export function ServerSettings() {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = useQuery({
    queryKey: ["admin-settings"],
    queryFn: ({ signal }) => client.call("adminListSettings", { signal }),
  });
  return (
    <>
      <Notice kind="info">{message("admin.settingsAbout")}</Notice>
      <Card title={message("admin.settings")} isTitleHidden>
        <Loaded load={load} rows={8}>
          {({ items }) => <SettingList settings={items} />}
        </Loaded>
      </Card>
    </>
  );
}

function SettingList({ settings }: { readonly settings: readonly SettingJson[] }) {
  const words = useMessages();
  const { message } = words;
  const [text, setText] = useState("");
  const [onlySet, setOnlySet] = useState(false);
  const found = findSettings(settings, { text, onlySet }, words);
  return (
    <>
      <div className="flex flex-col gap-3">
        <Field
          label={message("admin.settingsSearch")}
          type="search"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Switch label={message("admin.settingsOnlySet")} checked={onlySet} onChange={setOnlySet} />
        <p role="status" className="text-sm text-muted">
          {message("admin.settingsFound", { count: found.length })}
        </p>
      </div>
      {found.length === 0 ? (
        <Empty Icon={Search} title={message("admin.settingsNone")}>
          {message("admin.settingsNoneNext")}
        </Empty>
      ) : (
        <Items label={message("admin.settings")}>
          {found.map((setting) => (
            <SettingItem key={setting.name} setting={setting} />
          ))}
        </Items>
      )}
    </>
  );
}

const sources = {
  flag: "admin.sourceFlag",
  environment: "admin.sourceEnvironment",
  file: "admin.sourceFile",
  default: "admin.sourceDefault",
} as const satisfies Record<SettingJson["source"], string>;

function SettingItem({ setting }: { readonly setting: SettingJson }) {
  const words = useMessages();
  const { message } = words;
  const { name, source } = setting;
  const value = valueWords(setting, words);
  const about = settingWords(name, words);
  return (
    <Item
      title={
        <span className="flex flex-wrap items-center gap-2">
          <code>{name}</code>
          <Badge>{message(sources[source])}</Badge>
        </span>
      }
      about={
        <>
          {about !== undefined && <p>{about}</p>}
          <p className={value.isLiteral ? "mt-1 font-mono text-text" : "mt-1 text-text"}>
            {value.isLiteral ? <bdi dir="ltr">{value.text}</bdi> : value.text}
          </p>
        </>
      }
    />
  );
}
