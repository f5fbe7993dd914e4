import type { MessageKey } from "../../../messages/en.ts";
import type { NameFault } from "./file-names.ts";

export const nameFaultWords = {
  empty: "files.nameEmpty",
  dots: "files.nameDots",
  slash: "files.nameSlash",
  sign: "files.nameSign",
  long: "files.nameLong",
} as const satisfies Record<NameFault, MessageKey>;
