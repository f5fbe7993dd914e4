import type { CallRequest } from "@holdfast/api-client/request";
import { languages, notificationKinds, notifyChange, type NotifySettings } from "@holdfast/protocol/account-settings";
import { Listing } from "../output/listing.ts";
import { newCommand, missing, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import { withNotes } from "./help-notes.ts";

export const settingsCommand: CommandMaker = (context) => {
  const command = newCommand("settings", "Show or change your name, language and notifications", [
    "settings",
    "settings name 'Ann Example'",
    "settings auto-mount on",
    "settings language de",
    "settings comment app",
    "settings digest never",
  ])
    .argument("[name]", `name, auto-mount, language, digest, ${notificationKinds.join(", ")}`)
    .argument("[value]", "new value");
  withNotes(command, [
    "Settings:",
    ["name", "name that others see"],
    ["auto-mount", "on or off: whether shared folders appear in your root automatically"],
    ["language", `language of your e-mails: ${languages.join(" or ")}; server for the server's default`],
    [
      "digest",
      "at_once, daily or never: when to send e-mails about comments and watched folders; never also turns off all other e-mails, except those about new devices, reports and problems of the server",
    ],
    ["any other", "off, app (only in the app) or mail (also by e-mail)"],
  ]);
  return runs<[string | undefined, string | undefined]>(context, command, async (run, name, value) => {
    if (name !== undefined && !settingNames.includes(name))
      throw usage(`There is no setting ${name}. The settings are ${settingNames.join(", ")}.`);
    if (name !== undefined && value === undefined) missing(command, `Specify a value for ${name}.`);
    const body = name === undefined || value === undefined ? undefined : changeOf(name, value);
    const { client } = await run.connect();
    const account = await (body === undefined ? client.call("getAccount") : client.call("updateAccount", { body }));
    const { name: ownName, language, auto_mount, notify } = account;
    await run.output[body === undefined ? "result" : "done"]({ name: ownName, language, auto_mount, notify }, () =>
      new Listing(run.output, columns, "").lines([
        ["name", ownName],
        ["auto-mount", auto_mount ? "on" : "off"],
        ["language", language],
        ["digest", notify.digest],
        ...notificationKinds.map((kind) => [kind, sayChoice(notify, kind)]),
      ]),
    );
  });
};

const columns = [{ title: "SETTING" }, { title: "VALUE", shortens: true }] as const;

const settingNames: readonly string[] = ["name", "auto-mount", "language", "digest", ...notificationKinds];

type Change = NonNullable<CallRequest<"updateAccount">["body"]>;

/** @throws HoldfastError usage */
function changeOf(name: string, value: string): Change {
  if (name === "name") return { name: value };
  if (name === "auto-mount" && (value === "on" || value === "off")) return { auto_mount: value === "on" };
  const language = languages.find((each) => each === value);
  if (name === "language" && (language !== undefined || value === "server")) return { language: language ?? null };
  const notify = notifyChange.safeParse({ [name]: value });
  if (notify.success) return { notify: notify.data };
  throw usage(`${name} cannot be ${value}. 'holdfast settings --help' lists the allowed values.`);
}

/** Returns the effective setting. The digest setting can suppress or delay mails of a kind. */
function sayChoice(notify: NotifySettings, kind: (typeof notificationKinds)[number]): string {
  if (notify[kind] !== "mail") return notify[kind];
  const isGathered = kind === "comment" || kind === "watch";
  if (notify.digest === "never") return ["device", "report", "server"].includes(kind) ? "mail" : "app (digest never)";
  return isGathered && notify.digest === "daily" ? "mail, once a day" : "mail";
}
