import type { NoticeKind } from "@holdfast/protocol/account-settings";
import type { SignInKind } from "@holdfast/protocol/device-routes";
import type { role } from "@holdfast/protocol/values";
import type { z } from "zod";
import type { SecurityChange } from "../../accounts/security-change.ts";

export type RoleName = z.output<typeof role>;

/** One thing that happened, in words. */
export interface Said {
  /** A whole sentence without its full stop: of a mail of its own the subject, in a list the item. */
  readonly title: string;
  readonly more: readonly string[];
  /** In a list instead of the title, where that says too little. */
  readonly item?: string;
}

/** Every sentence that a mail has. Names come cleaned (`shownName`); what may be unknown is undefined. */
export interface Words {
  invitation(facts: { by: string; address: string; node: string; role: RoleName; host: string }): Said;
  invitationAction: string;
  invitationExpires(day: string): string;
  /** @param facts.account name and present address; moves: it has another address now */
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
    /** Its name. */
    country: string | undefined;
    system: string | undefined;
    by: SignInKind | undefined;
  }): Said;
  /** @param facts.account of another person's device: whose it is */
  suspended(facts: {
    device: string;
    id: string;
    account: string | undefined;
    rewritten: string;
    deleted: string;
    moment: string | undefined;
    command: string | undefined;
  }): Said;
  /** @param facts.node the shared folder in which files were deleted */
  deletions(facts: {
    by: string | undefined;
    node: string;
    count: string;
    moment: string | undefined;
    command: string | undefined;
  }): Said;
  report(facts: { reason: string | undefined; node: string | undefined }): Said;
  /** What the server found of itself. @param facts.detail in the doctor's words, which are English; so is the advice */
  server(facts: {
    check: string;
    state: "ok" | "warn" | "fail";
    detail: string | undefined;
    advice: string | undefined;
    was: string | undefined;
  }): Said;
  digest(count: number, host: string): Said;
  andMore(count: number): string;
  /** Above what somebody else wrote, so that nobody takes it for ours. */
  wrote(by: string): string;
  /** A line that somebody else wrote, in a list. */
  quoted(line: string): string;
  somebody: string;
  open: string;
  /** Why this mail came to who has an account, to who has none, and to who gave an address. */
  whyAccount(host: string): string;
  whyStranger(host: string): string;
  whyConfirmation: string;
  whyPasswordReset: string;
  unsubscribe: string;
  unsubscribePage: UnsubscribeWords;
}

export interface UnsubscribeWords {
  readonly title: string;
  /** What is asked of who has an account. */
  readonly ask: (kinds: readonly string[]) => string;
  readonly askStranger: string;
  readonly button: string;
  readonly done: string;
  readonly unknown: string;
  readonly kinds: Readonly<Record<NoticeKind | "digest", string>>;
}
