import type { NotificationKind } from "@holdfast/protocol/account-settings";
import type { SignInKind } from "@holdfast/protocol/device-routes";
import type { role } from "@holdfast/protocol/values";
import type { z } from "zod";
import type { SecurityChange } from "../../accounts/context/security-change.ts";

export type RoleName = z.output<typeof role>;

export interface Said {
  /** Sentence without a full stop: subject of a separate mail, or item of a list. */
  readonly title: string;
  readonly more: readonly string[];
  /** Replaces a title that says too little in a list. */
  readonly item?: string;
}

/** All sentences of mails. Names are sanitized (`shownName`); unknown values are undefined. */
export interface Words {
  invitation(facts: { by: string; address: string; node: string; role: RoleName; host: string }): Said;
  invitationAction: string;
  invitationExpires(day: string): string;
  /** @param facts.account name and current address; moves: the account changes its address */
  confirmation(facts: { account: string | undefined; moves: boolean; host: string }): Said;
  confirmationAction: string;
  passwordReset(host: string): Said;
  passwordResetAction: string;
  security(what: SecurityChange, host: string): Said;
  leaving(day: string, host: string): Said;
  share(facts: { by: string | undefined; node: string; role: RoleName | undefined }): Said;
  transfer(facts: { by: string | undefined; node: string; id: string }): Said;
  comment(facts: { by: string | undefined; node: string }): Said;
  mention(facts: { by: string | undefined; node: string }): Said;
  watch(facts: { by: string | undefined; node: string; count: number }): Said;
  quota(facts: { percent: number; used: string | undefined; quota: string | undefined }): Said;
  device(facts: {
    device: string;
    time: string;
    address: string | undefined;
    country: string | undefined;
    system: string | undefined;
    by: SignInKind | undefined;
  }): Said;
  /** @param facts.account owner of another user's device */
  suspended(facts: {
    device: string;
    id: string;
    account: string | undefined;
    rewritten: string;
    deleted: string;
    moment: string | undefined;
    command: string | undefined;
  }): Said;
  /** @param facts.node shared folder with the deletions */
  deletions(facts: {
    by: string | undefined;
    node: string;
    count: string;
    moment: string | undefined;
    command: string | undefined;
  }): Said;
  report(facts: { reason: string | undefined; node: string | undefined }): Said;
  /** Problem of the server. @param facts.detail and advice in English, from the doctor */
  server(facts: {
    check: string;
    state: "ok" | "warn" | "fail";
    detail: string | undefined;
    advice: string | undefined;
    was: string | undefined;
  }): Said;
  digest(count: number, host: string): Said;
  andMore(count: number): string;
  /** Introduces another person's text, to distinguish it from ours. */
  wrote(by: string): string;
  quoted(line: string): string;
  unknownPerson: string;
  open(serverName: string): string;
  /** Reasons for a mail: to an account, to a stranger, and to a new address. */
  whyAccount(host: string): string;
  whyStranger(host: string): string;
  whyConfirmation: string;
  whyPasswordReset: string;
  unsubscribe: string;
  unsubscribePage: UnsubscribeWords;
}

export interface UnsubscribeWords {
  readonly title: string;
  readonly ask: (kinds: readonly string[]) => string;
  readonly askStranger: string;
  readonly button: string;
  readonly done: string;
  readonly unknown: string;
  readonly kinds: Readonly<Record<NotificationKind | "digest", string>>;
}
