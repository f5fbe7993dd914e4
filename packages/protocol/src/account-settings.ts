import { z } from "zod";

/** Kinds of notifications. */
export const notificationKinds = [
  "share",
  "comment",
  "mention",
  "watch",
  "quota",
  "device",
  "report",
  "server",
] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** Languages of e-mails and notifications. */
export const languages = ["en", "de"] as const;
export const language = z.enum(languages);
export type Language = z.output<typeof language>;

const choice = z.enum(["off", "app", "mail"]);
const digest = z.enum(["at_once", "daily", "never"]);

export const notifySettings = z
  .object({
    share: choice,
    comment: choice,
    mention: choice,
    watch: choice,
    quota: choice,
    device: choice,
    report: choice,
    server: choice.describe("problems of the server, for administrators"),
    digest: digest.describe(
      "when comments and changes in watched folders are mailed; other kinds are mailed immediately. never: only device, report and server are mailed, and all other kinds appear in the app only",
    ),
  })
  .meta({ id: "NotifySettings" });
export type NotifySettings = z.output<typeof notifySettings>;

/** Absent kinds stay unchanged; unknown kinds are rejected. */
export const notifyChange = z.strictObject(notifySettings.partial().shape);
export type NotifyChange = z.output<typeof notifyChange>;
