import { dateFromSerial, format, isDateFormat } from "numfmt";
import { child, childrenOf, isTrue, type XmlElement } from "./read-xml.ts";

export interface CellFormats {
  /** @param style position in the list of styles */
  readonly number: (style: number, value: number) => string;
  readonly boolean: (value: boolean) => string;
}

/** Formats that files name only by their numbers (ECMA-376, part 1, 18.8.30). 14 and 22 depend on the language. */
const builtIn: Readonly<Record<number, string>> = {
  1: "0",
  2: "0.00",
  3: "#,##0",
  4: "#,##0.00",
  9: "0%",
  10: "0.00%",
  11: "0.00E+00",
  12: "# ?/?",
  13: "# ??/??",
  15: "d-mmm-yy",
  16: "d-mmm",
  17: "mmm-yy",
  18: "h:mm AM/PM",
  19: "h:mm:ss AM/PM",
  20: "h:mm",
  21: "h:mm:ss",
  37: "#,##0 ;(#,##0)",
  38: "#,##0 ;[Red](#,##0)",
  39: "#,##0.00;(#,##0.00)",
  40: "#,##0.00;[Red](#,##0.00)",
  45: "mm:ss",
  46: "[h]:mm:ss",
  47: "mmss.0",
  48: "##0.0E+0",
  49: "@",
};
const dateFormat = 14;
const dateTimeFormat = 22;

/** Excel allows no longer patterns. */
const patternCharactersMax = 255;
const general = "General";
/** The language of the reader's system, instead of one that the author chose. */
const systemLocale = /\[\$-(?:F[48]00|x-sys(?:date|time))\]/gi;
/** Days between the two epochs that a workbook can have. */
const daysFrom1900To1904 = 1462;

interface FormatOptions {
  /** BCP 47 tag. */
  readonly locale: string;
  readonly workbook: XmlElement;
}

/** Formats numbers like Excel in the given language. */
export function readFormats(styles: XmlElement | undefined, { locale, workbook }: FormatOptions): CellFormats {
  const own = new Map(
    childrenOf(child(styles, "numFmts"), "numFmt").map(({ attributes }) => [
      Number(attributes.get("numFmtId")),
      (attributes.get("formatCode") ?? general).replaceAll(systemLocale, ""),
    ]),
  );
  const formatIds = childrenOf(child(styles, "cellXfs"), "xf").map((xf) => Number(xf.attributes.get("numFmtId") ?? 0));
  const is1904 = isTrue(child(workbook, "workbookPr")?.attributes.get("date1904"));
  const offsetDays = is1904 ? daysFrom1900To1904 : 0;
  const local = new Map<number, (days: number) => string>([
    [dateFormat, makeDateFormat(locale, {})],
    [dateTimeFormat, makeDateFormat(locale, { hour: "2-digit", minute: "2-digit" })],
  ]);
  return {
    number: (style, value) => {
      const id = formatIds[style] ?? 0;
      const asDate = own.has(id) ? undefined : local.get(id);
      if (asDate !== undefined) return orPlain(value, () => asDate(value + offsetDays));
      const pattern = own.get(id) ?? builtIn[id] ?? general;
      if (pattern.length > patternCharactersMax) return orPlain(value, () => format(general, value, { locale }));
      return orPlain(value, () =>
        format(pattern, isDateFormat(pattern) ? value + offsetDays : value, { locale }).trim(),
      );
    },
    boolean: (value) => format(general, value, { locale }),
  };
}

/** Excel shows the number, too, if a date is out of range. A faulty pattern is no reason to hide a value. */
function orPlain(value: number, make: () => string): string {
  try {
    return make();
  } catch {
    return String(value);
  }
}

/** @param more parts besides the date @returns formats days since 1900 */
function makeDateFormat(locale: string, more: Intl.DateTimeFormatOptions): (days: number) => string {
  const day = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  const dates = new Intl.DateTimeFormat(locale, { ...day, ...more, timeZone: "UTC" });
  return (days) => {
    const [year = 0, month = 1, date = 1, hour = 0, minute = 0] = dateFromSerial(days);
    return dates.format(Date.UTC(year, month - 1, date, hour, minute));
  };
}
