import { z } from "zod";

export const serverNameDefault = "Holdfast";

const charactersMax = 40;

/** Shown as plain text on pages, in mails and in authenticator apps. */
export const serverName = z
  .string()
  .trim()
  .refine(isShowable, `must be 1 to ${charactersMax} visible characters, without control or bidi characters`);

function isShowable(name: string): boolean {
  return sized.test(name) && visible.test(name) && !hidden.test(name.replaceAll(joiners, ""));
}

const sized = new RegExp(`^.{1,${charactersMax}}$`, "su");
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Control, format (such as bidi), surrogate and private characters, and line separators. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
/** Format characters that several scripts and emoji need. */
const joiners = /[\u200c\u200d]/gu;
